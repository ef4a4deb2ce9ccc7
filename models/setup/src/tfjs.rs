//! Reads TensorFlow.js graph models: a JSON topology and one binary file of weights.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use half::f16;
use serde::Deserialize;

/// What makes a file unreadable as a TensorFlow.js graph model.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The topology is not the JSON that TensorFlow.js writes.
    #[error("the topology is not a TensorFlow.js graph model: {0}")]
    Json(#[from] serde_json::Error),
    /// The manifest of weights asks for more bytes than the binary file holds.
    #[error("the weights end within `{0}`: the .json and .bin files do not belong together")]
    Truncated(String),
    /// The binary file holds more than the manifest of weights names.
    #[error("{0} bytes of weights are left over: the .json and .bin files do not belong together")]
    LeftOver(usize),
    /// A weight is stored in a way that this reader does not know.
    #[error("weight `{name}` is stored as {dtype}, which is not supported")]
    UnknownType {
        /// Name of the weight.
        name: String,
        /// Element type as the file names it.
        dtype: String,
    },
}

/// A graph and its weights.
#[derive(Debug)]
pub struct GraphModel {
    /// Operations, each after those whose results it takes.
    pub nodes: Vec<Node>,
    /// Constants by name of their node.
    pub weights: BTreeMap<String, Tensor>,
}

/// One operation of the graph.
#[derive(Debug, Deserialize)]
pub struct Node {
    /// Unique name; also the name of the result.
    pub name: String,
    /// Kind of operation, as TensorFlow calls it.
    pub op: String,
    /// Names of the nodes whose results it takes.
    #[serde(default)]
    pub input: Vec<String>,
    #[serde(default)]
    attr: BTreeMap<String, Attribute>,
}

/// A constant.
#[derive(Debug, Clone)]
pub struct Tensor {
    /// Size along each axis; empty for a scalar.
    pub shape: Vec<usize>,
    /// Elements, last axis fastest.
    pub data: Data,
}

/// Elements of a constant.
#[derive(Debug, Clone)]
pub enum Data {
    /// Weights.
    Float(Vec<f32>),
    /// Shapes, axes and paddings.
    Int(Vec<i64>),
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Attribute {
    s: Option<String>,
    b: Option<bool>,
    list: Option<List>,
    shape: Option<Shape>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct List {
    i: Vec<String>,
    s: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Shape {
    #[serde(default)]
    dim: Vec<Dimension>,
}

#[derive(Debug, Deserialize)]
struct Dimension {
    size: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ModelFile {
    model_topology: Topology,
    weights_manifest: Vec<WeightGroup>,
}

#[derive(Deserialize)]
struct Topology {
    node: Vec<Node>,
}

#[derive(Deserialize)]
struct WeightGroup {
    weights: Vec<Weight>,
}

#[derive(Deserialize)]
struct Weight {
    name: String,
    shape: Vec<usize>,
    dtype: String,
    quantization: Option<Quantization>,
}

#[derive(Deserialize)]
struct Quantization {
    dtype: String,
    #[serde(default)]
    scale: f64,
    #[serde(default)]
    min: f64,
}

impl GraphModel {
    /// Reads the two files of a model, given as bytes.
    pub fn read(topology: &[u8], weights: &[u8]) -> Result<Self, ReadError> {
        let file: ModelFile = serde_json::from_slice(topology)?;
        let mut rest = weights;
        let mut tensors = BTreeMap::new();
        for weight in file.weights_manifest.into_iter().flat_map(|group| group.weights) {
            let data = weight.decode(&mut rest)?;
            tensors.insert(weight.name, Tensor { shape: weight.shape, data });
        }
        if !rest.is_empty() {
            return Err(ReadError::LeftOver(rest.len()));
        }
        Ok(Self { nodes: file.model_topology.node, weights: tensors })
    }
}

impl Node {
    /// Returns a text attribute, such as `padding`.
    pub fn text(&self, name: &str) -> Option<String> {
        decode_text(self.attr.get(name)?.s.as_deref()?)
    }

    /// Returns a list of texts, such as `fused_ops`; empty where there is none.
    pub fn texts(&self, name: &str) -> Vec<String> {
        let list = self.attr.get(name).and_then(|attribute| attribute.list.as_ref());
        list.map(|list| list.s.iter().filter_map(|text| decode_text(text)).collect()).unwrap_or_default()
    }

    /// Returns a switch, such as `keep_dims`; off where there is none.
    pub fn switch(&self, name: &str) -> bool {
        self.attr.get(name).and_then(|attribute| attribute.b).unwrap_or_default()
    }

    /// Returns a list of whole numbers, such as `strides`.
    pub fn ints(&self, name: &str) -> Option<Vec<i64>> {
        let list = self.attr.get(name)?.list.as_ref()?;
        list.i.iter().map(|number| number.parse().ok()).collect()
    }

    /// Returns the shape that a placeholder declares; -1 stands for "any".
    pub fn shape(&self) -> Option<Vec<i64>> {
        let shape = self.attr.get("shape")?.shape.as_ref()?;
        shape.dim.iter().map(|dimension| dimension.size.parse().ok()).collect()
    }
}

fn decode_text(encoded: &str) -> Option<String> {
    String::from_utf8(BASE64.decode(encoded).ok()?).ok()
}

impl Weight {
    /// Takes this weight's bytes off the front of `rest` and decodes them.
    fn decode(&self, rest: &mut &[u8]) -> Result<Data, ReadError> {
        let stored = self.quantization.as_ref().map_or(self.dtype.as_str(), |it| it.dtype.as_str());
        let data = match (self.dtype.as_str(), stored, &self.quantization) {
            ("float32", "float32", _) => Data::Float(self.take(rest, f32::from_le_bytes)?),
            ("float32", "float16", _) => {
                Data::Float(self.take(rest, |raw| f16::from_le_bytes(raw).to_f32())?)
            }
            ("float32", "uint8", Some(scaled)) => {
                Data::Float(self.take(rest, |[raw]| scaled.restore(raw.into()))?)
            }
            ("float32", "uint16", Some(scaled)) => {
                Data::Float(self.take(rest, |raw| scaled.restore(u16::from_le_bytes(raw)))?)
            }
            ("int32", "int32", _) => Data::Int(self.take(rest, |raw| i32::from_le_bytes(raw).into())?),
            (_, stored, _) => {
                return Err(ReadError::UnknownType { name: self.name.clone(), dtype: stored.to_owned() });
            }
        };
        Ok(data)
    }

    fn take<const SIZE: usize, T>(
        &self,
        rest: &mut &[u8],
        decode: impl Fn([u8; SIZE]) -> T,
    ) -> Result<Vec<T>, ReadError> {
        let elements: usize = self.shape.iter().product();
        let truncated = || ReadError::Truncated(self.name.clone());
        let size = elements.checked_mul(SIZE).ok_or_else(truncated)?;
        let (bytes, after) = rest.split_at_checked(size).ok_or_else(truncated)?;
        *rest = after;
        let (chunks, _) = bytes.as_chunks::<SIZE>();
        Ok(chunks.iter().map(|&chunk| decode(chunk)).collect())
    }
}

impl Quantization {
    /// Computes as TensorFlow.js does: in double precision, rounded once.
    fn restore(&self, raw: u16) -> f32 {
        (f64::from(raw) * self.scale + self.min) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(weight: &str, bytes: &[u8]) -> Result<GraphModel, ReadError> {
        let topology = r#"{"modelTopology": {"node": []}, "weightsManifest": [{"weights": [WEIGHT]}]}"#;
        GraphModel::read(topology.replace("WEIGHT", weight).as_bytes(), bytes)
    }

    fn floats(quantization: &str, bytes: &[u8]) -> Vec<f32> {
        let weight =
            format!(r#"{{"name": "w", "shape": [2], "dtype": "float32", "quantization": {quantization}}}"#);
        match read(&weight, bytes).unwrap().weights.remove("w").unwrap().data {
            Data::Float(values) => values,
            Data::Int(_) => unreachable!("a float weight"),
        }
    }

    #[test]
    fn restores_quantized_weights() {
        assert_eq!(floats(r#"{"dtype": "float16"}"#, &[0x00, 0x3c, 0x01, 0x00]), [1.0, 2.0_f32.powi(-24)]);
        let scaled = r#"{"dtype": "uint8", "scale": 0.5, "min": -1}"#;
        assert_eq!(floats(scaled, &[0, 255]), [-1.0, 126.5]);
        let scaled = r#"{"dtype": "uint16", "scale": 0.5, "min": -1}"#;
        assert_eq!(floats(scaled, &[2, 0, 0, 1]), [0.0, 127.0]);
    }

    #[test]
    fn refuses_files_that_do_not_belong_together() {
        let weight = r#"{"name": "w", "shape": [2], "dtype": "int32"}"#;
        assert!(matches!(read(weight, &[0; 7]), Err(ReadError::Truncated(name)) if name == "w"));
        assert!(matches!(read(weight, &[0; 9]), Err(ReadError::LeftOver(1))));
        let weight = r#"{"name": "w", "shape": [2], "dtype": "complex64"}"#;
        assert!(matches!(read(weight, &[0; 16]), Err(ReadError::UnknownType { .. })));
    }
}
