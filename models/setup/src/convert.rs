//! Converts a TensorFlow.js graph to ONNX.
//!
//! TensorFlow keeps pictures as NHWC (height, width, channels), ONNX as NCHW. The whole converted graph is NCHW:
//! every value of rank 4, the input included, lies as NCHW, and every constant that meets one is turned once,
//! here. Only a reshape or an output of rank 4 sees the order of TensorFlow again, after a transpose. So the
//! runtime never moves pixels between two convolutions.
//!
//! The result depends on the model alone: names and order are those of the source, so its bytes can be pinned.

use std::collections::{BTreeMap, BTreeSet};

use prost::Message as _;

use crate::onnx::{AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto};
use crate::tfjs::{Data, GraphModel, Node, Tensor};

/// An output that the converted model shall have.
#[derive(Debug, Clone)]
pub struct Output {
    /// Name that the output gets.
    pub name: String,
    /// Node of the source graph that computes it.
    pub node: String,
    /// Shape, in the order of the source.
    pub shape: Vec<i64>,
}

/// What the converter does not know how to translate.
#[derive(Debug, thiserror::Error)]
pub enum ConvertError {
    /// An operation without a translation.
    #[error("node `{node}`: no translation for the operation {op}; add one to `Converter::translate`")]
    UnknownOp {
        /// Operation as TensorFlow calls it.
        op: String,
        /// Name of the node.
        node: String,
    },
    /// A known operation, used in an unknown way.
    #[error("node `{node}` ({op}): {what}")]
    Unsupported {
        /// Operation as TensorFlow calls it.
        op: String,
        /// Name of the node.
        node: String,
        /// What is not supported.
        what: String,
    },
    /// The graph does not compute what was asked for.
    #[error("the graph has no node `{0}` to make an output of")]
    NoOutput(String),
}

/// Converts `model` to the bytes of an ONNX file called `name`.
pub fn convert(name: &str, model: &GraphModel, outputs: &[Output]) -> Result<Vec<u8>, ConvertError> {
    let graph = GraphProto { name: name.to_owned(), ..GraphProto::default() };
    let mut converter = Converter {
        weights: &model.weights,
        graph,
        values: BTreeMap::new(),
        ranges: BTreeMap::new(),
        constants: BTreeSet::new(),
    };
    for node in &model.nodes {
        converter.translate(node)?;
    }
    for output in outputs {
        converter.output(output)?;
    }
    drop_unused(&mut converter.graph);
    Ok(ModelProto::new(converter.graph).encode_to_vec())
}

/// A result of a translated node.
#[derive(Debug, Clone)]
struct Value {
    name: String,
    rank: usize,
}

impl Value {
    /// Whether this value lies as NCHW where the source has NHWC.
    fn is_picture(&self) -> bool {
        self.rank == 4
    }

    /// Translates an axis of the source, which may count from the end.
    fn axis(&self, axis: i64) -> Option<i64> {
        let axis = if axis < 0 { axis + self.rank as i64 } else { axis };
        match (self.is_picture(), axis) {
            (true, 0..4) => Some([0, 2, 3, 1][axis as usize]),
            (false, axis) if (0..self.rank as i64).contains(&axis) => Some(axis),
            _ => None,
        }
    }
}

/// A value that was bounded: `min(max(of, low), high)`.
#[derive(Debug, Clone)]
struct Range {
    of: Value,
    low: f32,
    high: f32,
}

/// What TensorFlow fused into a convolution or matrix product, after the bias.
enum Activation {
    None,
    Relu,
    Prelu,
}

struct Converter<'a> {
    weights: &'a BTreeMap<String, Tensor>,
    graph: GraphProto,
    /// Translated nodes by their name in the source.
    values: BTreeMap<String, Value>,
    /// Bounds put on a value, by the name of the node that puts the last.
    ranges: BTreeMap<String, Range>,
    /// Names of the constants that the graph holds already.
    constants: BTreeSet<String>,
}

impl<'a> Converter<'a> {
    fn translate(&mut self, node: &Node) -> Result<(), ConvertError> {
        match node.op.as_str() {
            "Const" => Ok(()), // Constants are turned where they are used.
            "Placeholder" => self.placeholder(node),
            "Identity" => self.identity(node),
            "Conv2D" | "_FusedConv2D" | "DepthwiseConv2dNative" => self.convolution(node),
            "MatMul" | "_FusedMatMul" => self.matrix_product(node),
            "Add" | "AddV2" => self.elementwise(node, "Add"),
            "Mul" => self.elementwise(node, "Mul"),
            "Minimum" => self.clip(node, |range, bound| Range { high: range.high.min(bound), ..range }),
            "Maximum" => self.clip(node, |range, bound| Range { low: range.low.max(bound), ..range }),
            "Prelu" => self.prelu(node),
            "Relu" => self.relu(node),
            "Sigmoid" => self.sigmoid(node),
            "Softmax" => self.softmax(node),
            "MaxPool" => self.max_pool(node),
            "Mean" => self.mean(node),
            "Pad" => self.pad(node),
            "Reshape" => self.reshape(node),
            "ConcatV2" => self.concat(node),
            op => Err(ConvertError::UnknownOp { op: op.to_owned(), node: node.name.clone() }),
        }
    }

    fn placeholder(&mut self, node: &Node) -> Result<(), ConvertError> {
        let shape = node.shape().ok_or_else(|| unsupported(node, "it has no shape"))?;
        let [_, height, width, channels] = shape[..] else {
            return Err(unsupported(node, "only pictures (rank 4) can be an input"));
        };
        let name = "input".to_owned();
        self.graph.input.push(ValueInfoProto::floats(&name, &[1, channels, height, width]));
        self.values.insert(node.name.clone(), Value { name, rank: 4 });
        Ok(())
    }

    fn identity(&mut self, node: &Node) -> Result<(), ConvertError> {
        let value = self.value(node, 0)?;
        self.values.insert(node.name.clone(), value);
        Ok(())
    }

    fn convolution(&mut self, node: &Node) -> Result<(), ConvertError> {
        let input = self.value(node, 0)?;
        let kernel = self.constant(node, 1)?;
        let [height, width, ins, outs] = kernel.shape[..] else {
            return Err(unsupported(node, "the kernel is not of rank 4"));
        };
        let depthwise = node.op == "DepthwiseConv2dNative";
        let (order, shape, group) = if depthwise {
            ([2, 3, 0, 1], [ins * outs, 1, height, width], ins)
        } else {
            ([3, 2, 0, 1], [outs, ins, height, width], 1)
        };
        let kernel = permuted(floats(node, kernel)?, &kernel.shape, order);
        let mut inputs = vec![input.name, self.float_constant(&node.input[1], &shape, &kernel)];
        let activation = self.fused(node, &mut inputs)?;
        let attributes = vec![
            padding(node)?,
            AttributeProto::ints("dilations", &spatial(node, "dilations")?),
            AttributeProto::int("group", group as i64),
            AttributeProto::ints("strides", &spatial(node, "strides")?),
        ];
        self.activated(node, "Conv", inputs, attributes, 4, activation)
    }

    fn matrix_product(&mut self, node: &Node) -> Result<(), ConvertError> {
        if node.switch("transpose_a") || node.switch("transpose_b") {
            return Err(unsupported(node, "transposed factors"));
        }
        let input = self.value(node, 0)?;
        let matrix = self.constant(node, 1)?;
        let mut inputs =
            vec![input.name, self.float_constant(&node.input[1], &matrix.shape, floats(node, matrix)?)];
        let activation = self.fused(node, &mut inputs)?;
        self.activated(node, "Gemm", inputs, vec![], 2, activation)
    }

    /// Adds a fused bias to `inputs` and returns the fused activation.
    fn fused(&mut self, node: &Node, inputs: &mut Vec<String>) -> Result<Activation, ConvertError> {
        let fused = node.texts("fused_ops");
        let activation = match fused.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            [] => return Ok(Activation::None),
            ["BiasAdd"] => Activation::None,
            ["BiasAdd", "Relu"] => Activation::Relu,
            ["BiasAdd", "Prelu"] => Activation::Prelu,
            _ => return Err(unsupported(node, &format!("fused with {}", fused.join(", ")))),
        };
        let bias = self.constant(node, 2)?;
        inputs.push(self.float_constant(&node.input[2], &bias.shape, floats(node, bias)?));
        Ok(activation)
    }

    /// Adds a node and the activation after it; the last of them bears the source's name.
    fn activated(
        &mut self,
        node: &Node,
        op: &str,
        inputs: Vec<String>,
        attributes: Vec<AttributeProto>,
        rank: usize,
        activation: Activation,
    ) -> Result<(), ConvertError> {
        if let Activation::None = activation {
            self.emit(node, op, inputs, attributes, rank);
            return Ok(());
        }
        let name = format!("{}/before", node.name);
        self.add(&name, op, inputs, attributes);
        match activation {
            Activation::None | Activation::Relu => self.emit(node, "Relu", vec![name], vec![], rank),
            Activation::Prelu => self.parametric_relu(node, &Value { name, rank }, 3)?,
        }
        Ok(())
    }

    fn prelu(&mut self, node: &Node) -> Result<(), ConvertError> {
        let input = self.value(node, 0)?;
        self.parametric_relu(node, &input, 1)
    }

    /// Writes `x < 0 ? slope * x : x` as `slope * x + (1 - slope) * relu(x)`, the products as 1x1 depthwise convolutions.
    ///
    /// The runtime keeps these in the blocked layout of its convolutions, where its own `PRelu` makes it go back to
    /// NCHW and runs one element at a time: facemesh takes a third of the time this way.
    fn parametric_relu(&mut self, node: &Node, input: &Value, slopes: usize) -> Result<(), ConvertError> {
        if !input.is_picture() {
            return Err(unsupported(node, "its input is not a picture (rank 4)"));
        }
        let slopes = floats(node, self.constant(node, slopes)?)?;
        let complements: Vec<_> = slopes.iter().map(|slope| 1.0 - slope).collect();
        let name = |part: &str| format!("{}/{part}", node.name);
        self.add(&name("relu"), "Relu", vec![input.name.clone()], vec![]);
        self.scale_channels(&name("sloped"), &input.name, slopes);
        self.scale_channels(&name("rest"), &name("relu"), &complements);
        self.emit(node, "Add", vec![name("sloped"), name("rest")], vec![], 4);
        Ok(())
    }

    /// Multiplies each channel of a picture with a number of its own.
    fn scale_channels(&mut self, name: &str, input: &str, factors: &[f32]) {
        let kernel = self.float_constant(name, &[factors.len(), 1, 1, 1], factors);
        let group = AttributeProto::int("group", factors.len() as i64);
        self.add(name, "Conv", vec![input.to_owned(), kernel], vec![group]);
    }

    /// Translates an operation on two values, or on a value and a constant that is broadcast to it.
    fn elementwise(&mut self, node: &Node, op: &str) -> Result<(), ConvertError> {
        let picture = (0..2).any(|index| self.value(node, index).is_ok_and(|value| value.is_picture()));
        let left = self.operand(node, 0, picture)?;
        let right = self.operand(node, 1, picture)?;
        self.emit(node, op, vec![left.name, right.name], vec![], left.rank.max(right.rank));
        Ok(())
    }

    fn relu(&mut self, node: &Node) -> Result<(), ConvertError> {
        let input = self.value(node, 0)?;
        self.emit(node, "Relu", vec![input.name.clone()], vec![], input.rank);
        self.ranges.insert(node.name.clone(), Range { low: 0.0, high: f32::INFINITY, of: input });
        Ok(())
    }

    /// Translates a bound by a constant; several on one value (TensorFlow's ReLU6 is three nodes) become one `Clip`,
    /// which the runtime fuses into the convolution before it.
    fn clip(&mut self, node: &Node, narrow: fn(Range, f32) -> Range) -> Result<(), ConvertError> {
        let &[bound] = floats(node, self.constant(node, 1)?)? else {
            return Err(unsupported(node, "its bound is not a single number"));
        };
        let input = self.value(node, 0)?;
        let unbounded = Range { low: f32::NEG_INFINITY, high: f32::INFINITY, of: input };
        let range = narrow(self.ranges.get(&node.input[0]).cloned().unwrap_or(unbounded), bound);
        if range.low > range.high {
            return Err(unsupported(node, "its bounds leave no range"));
        }
        let low = self.float_constant(&format!("{}/low", node.name), &[], &[range.low]);
        let high = self.float_constant(&format!("{}/high", node.name), &[], &[range.high]);
        self.emit(node, "Clip", vec![range.of.name.clone(), low, high], vec![], range.of.rank);
        self.ranges.insert(node.name.clone(), range);
        Ok(())
    }

    fn sigmoid(&mut self, node: &Node) -> Result<(), ConvertError> {
        let input = self.value(node, 0)?;
        self.emit(node, "Sigmoid", vec![input.name], vec![], input.rank);
        Ok(())
    }

    fn softmax(&mut self, node: &Node) -> Result<(), ConvertError> {
        let input = self.value(node, 0)?;
        let axis = input.axis(-1).ok_or_else(|| unsupported(node, "its input is a scalar"))?;
        self.emit(node, "Softmax", vec![input.name], vec![AttributeProto::int("axis", axis)], input.rank);
        Ok(())
    }

    fn max_pool(&mut self, node: &Node) -> Result<(), ConvertError> {
        let input = self.value(node, 0)?;
        let attributes = vec![
            padding(node)?,
            AttributeProto::ints("kernel_shape", &spatial(node, "ksize")?),
            AttributeProto::ints("strides", &spatial(node, "strides")?),
        ];
        self.emit(node, "MaxPool", vec![input.name], attributes, 4);
        Ok(())
    }

    fn mean(&mut self, node: &Node) -> Result<(), ConvertError> {
        let input = self.value(node, 0)?;
        let keep = node.switch("keep_dims");
        let mut axes = Vec::new();
        for &axis in ints(node, self.constant(node, 1)?)? {
            axes.push(input.axis(axis).ok_or_else(|| unsupported(node, "an axis is out of range"))?);
        }
        axes.sort_unstable();
        let rank = if keep { input.rank } else { input.rank - axes.len() };
        if input.is_picture() && !keep && axes != [2, 3] {
            return Err(unsupported(node, "the axes left over would be in another order"));
        }
        let attributes =
            vec![AttributeProto::ints("axes", &axes), AttributeProto::int("keepdims", i64::from(keep))];
        self.emit(node, "ReduceMean", vec![input.name], attributes, rank);
        Ok(())
    }

    fn pad(&mut self, node: &Node) -> Result<(), ConvertError> {
        let input = self.value(node, 0)?;
        let paddings = ints(node, self.constant(node, 1)?)?;
        // Pairs (before, after) for N, H, W, C become all the befores, then all the afters, of N, C, H, W.
        let [n, n_end, h, h_end, w, w_end, c, c_end] = paddings[..] else {
            return Err(unsupported(node, "only pictures (rank 4) can be padded"));
        };
        let pads = self.int_constant(&node.input[1], &[n, c, h, w, n_end, c_end, h_end, w_end]);
        self.emit(node, "Pad", vec![input.name, pads], vec![], 4);
        Ok(())
    }

    fn reshape(&mut self, node: &Node) -> Result<(), ConvertError> {
        let input = self.value(node, 0)?;
        let shape = ints(node, self.constant(node, 1)?)?.to_vec();
        if shape.len() == 4 {
            return Err(unsupported(node, "a reshape to a picture (rank 4)"));
        }
        let flat = self.in_source_order(&input, &format!("{}/nhwc", node.name));
        let target = self.int_constant(&node.input[1], &shape);
        self.emit(node, "Reshape", vec![flat, target], vec![], shape.len());
        Ok(())
    }

    fn concat(&mut self, node: &Node) -> Result<(), ConvertError> {
        let last = node.input.len().saturating_sub(1);
        let parts = (0..last).map(|index| self.value(node, index)).collect::<Result<Vec<_>, _>>()?;
        let axis = match (ints(node, self.constant(node, last)?)?, parts.first()) {
            (&[axis], Some(first)) => first.axis(axis),
            _ => None,
        };
        let axis = axis.ok_or_else(|| unsupported(node, "the axis is out of range"))?;
        let rank = parts.first().map_or(0, |part| part.rank);
        let inputs = parts.into_iter().map(|part| part.name).collect();
        self.emit(node, "Concat", inputs, vec![AttributeProto::int("axis", axis)], rank);
        Ok(())
    }

    fn output(&mut self, output: &Output) -> Result<(), ConvertError> {
        let value = self.values.get(&output.node).cloned();
        let value = value.ok_or_else(|| ConvertError::NoOutput(output.node.clone()))?;
        let source = self.in_source_order(&value, &format!("{}/nhwc", output.name));
        self.add(&output.name, "Identity", vec![source], vec![]);
        self.graph.output.push(ValueInfoProto::floats(&output.name, &output.shape));
        Ok(())
    }

    /// Returns the name of `value` in the order of the source, transposed under `name` if it is a picture.
    fn in_source_order(&mut self, value: &Value, name: &str) -> String {
        if !value.is_picture() {
            return value.name.clone();
        }
        self.add(
            name,
            "Transpose",
            vec![value.name.clone()],
            vec![AttributeProto::ints("perm", &[0, 2, 3, 1])],
        );
        name.to_owned()
    }

    fn value(&self, node: &Node, index: usize) -> Result<Value, ConvertError> {
        let name = input(node, index)?;
        self.values
            .get(name)
            .cloned()
            .ok_or_else(|| unsupported(node, &format!("`{name}` is not computed before")))
    }

    fn constant(&self, node: &Node, index: usize) -> Result<&'a Tensor, ConvertError> {
        let name = input(node, index)?;
        self.weights.get(name).ok_or_else(|| unsupported(node, &format!("`{name}` is not a constant")))
    }

    /// Returns a value, or a constant laid out so that ONNX broadcasts it as TensorFlow does.
    fn operand(&mut self, node: &Node, index: usize, with_picture: bool) -> Result<Value, ConvertError> {
        let name = input(node, index)?;
        let Some(constant) = self.weights.get(name) else {
            return self.value(node, index);
        };
        let shape = match (with_picture, &constant.shape[..]) {
            (false, shape) => shape.to_vec(),
            (true, []) => vec![],
            (true, [ones @ .., channels]) if ones.iter().all(|&size| size == 1) => vec![*channels, 1, 1],
            (true, _) => return Err(unsupported(node, "a constant that differs from pixel to pixel")),
        };
        let name = self.float_constant(name, &shape, floats(node, constant)?);
        Ok(Value { name, rank: shape.len() })
    }

    fn float_constant(&mut self, name: &str, shape: &[usize], values: &[f32]) -> String {
        let dims: Vec<_> = shape.iter().map(|&size| size as i64).collect();
        let name = format!("{name}{dims:?}");
        if self.constants.insert(name.clone()) {
            self.graph.initializer.push(TensorProto::floats(name.clone(), dims, values));
        }
        name
    }

    fn int_constant(&mut self, name: &str, values: &[i64]) -> String {
        if self.constants.insert(name.to_owned()) {
            self.graph.initializer.push(TensorProto::int64s(name.to_owned(), values));
        }
        name.to_owned()
    }

    /// Adds the ONNX node that stands for `node`.
    fn emit(
        &mut self,
        node: &Node,
        op: &str,
        inputs: Vec<String>,
        attributes: Vec<AttributeProto>,
        rank: usize,
    ) {
        self.add(&node.name, op, inputs, attributes);
        self.values.insert(node.name.clone(), Value { name: node.name.clone(), rank });
    }

    fn add(&mut self, name: &str, op: &str, input: Vec<String>, attribute: Vec<AttributeProto>) {
        let output = vec![name.to_owned()];
        self.graph.node.push(NodeProto {
            input,
            output,
            name: name.to_owned(),
            op_type: op.to_owned(),
            attribute,
        });
    }
}

/// Drops nodes and constants that no output needs.
fn drop_unused(graph: &mut GraphProto) {
    let mut needed: BTreeSet<String> = graph.output.iter().map(|output| output.name.clone()).collect();
    for node in graph.node.iter().rev() {
        if node.output.iter().any(|name| needed.contains(name)) {
            needed.extend(node.input.iter().cloned());
        }
    }
    graph.node.retain(|node| node.output.iter().any(|name| needed.contains(name)));
    graph.initializer.retain(|constant| needed.contains(&constant.name));
}

fn unsupported(node: &Node, what: &str) -> ConvertError {
    ConvertError::Unsupported { op: node.op.clone(), node: node.name.clone(), what: what.to_owned() }
}

fn input(node: &Node, index: usize) -> Result<&str, ConvertError> {
    let name =
        node.input.get(index).ok_or_else(|| unsupported(node, &format!("input {index} is missing")))?;
    Ok(name)
}

/// Returns the padding; TensorFlow's SAME puts the odd pixel below and to the right.
fn padding(node: &Node) -> Result<AttributeProto, ConvertError> {
    if node.text("data_format").as_deref() != Some("NHWC") {
        return Err(unsupported(node, "a data format other than NHWC"));
    }
    match node.text("padding").as_deref() {
        Some("SAME") => Ok(AttributeProto::string("auto_pad", "SAME_UPPER")),
        Some("VALID") => Ok(AttributeProto::string("auto_pad", "VALID")),
        other => Err(unsupported(node, &format!("padding {other:?}"))),
    }
}

/// Returns the height and width of an attribute that has a number for each of N, H, W, C.
fn spatial(node: &Node, name: &str) -> Result<[i64; 2], ConvertError> {
    match node.ints(name).as_deref() {
        Some(&[1, height, width, 1]) => Ok([height, width]),
        other => Err(unsupported(node, &format!("{name} {other:?}"))),
    }
}

fn floats<'t>(node: &Node, tensor: &'t Tensor) -> Result<&'t [f32], ConvertError> {
    match &tensor.data {
        Data::Float(values) => Ok(values),
        Data::Int(_) => Err(unsupported(node, "a constant is not of floats")),
    }
}

fn ints<'t>(node: &Node, tensor: &'t Tensor) -> Result<&'t [i64], ConvertError> {
    match &tensor.data {
        Data::Int(values) => Ok(values),
        Data::Float(_) => Err(unsupported(node, "a constant is not of whole numbers")),
    }
}

/// Moves elements so that axis `order[i]` of the source becomes axis `i`.
fn permuted(values: &[f32], shape: &[usize], order: [usize; 4]) -> Vec<f32> {
    let mut strides = [1; 4];
    for axis in (0..3).rev() {
        strides[axis] = strides[axis + 1] * shape[axis + 1];
    }
    let [a, b, c, d] = order;
    let mut moved = Vec::with_capacity(values.len());
    for i in 0..shape[a] {
        for j in 0..shape[b] {
            for k in 0..shape[c] {
                let start = i * strides[a] + j * strides[b] + k * strides[c];
                moved.extend((0..shape[d]).map(|l| values[start + l * strides[d]]));
            }
        }
    }
    moved
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(nodes: &str) -> GraphModel {
        let topology = format!(r#"{{"modelTopology": {{"node": {nodes}}}, "weightsManifest": []}}"#);
        GraphModel::read(topology.as_bytes(), &[]).unwrap()
    }

    #[test]
    fn names_an_operation_that_it_does_not_know() {
        let model = model(r#"[{"name": "layer/warp", "op": "WarpImage", "input": ["input"]}]"#);
        let error = convert("test", &model, &[]).unwrap_err().to_string();
        assert!(error.contains("WarpImage") && error.contains("layer/warp"), "{error}");
    }

    #[test]
    fn names_an_output_that_is_not_there() {
        let output = Output { name: "score".to_owned(), node: "Identity_9".to_owned(), shape: vec![1] };
        let error = convert("test", &model("[]"), &[output]).unwrap_err().to_string();
        assert!(error.contains("Identity_9"), "{error}");
    }

    #[test]
    fn translates_axes_of_pictures() {
        let picture = Value { name: String::new(), rank: 4 };
        let axes = [0, 1, 2, 3, -1, 4].map(|axis| picture.axis(axis));
        assert_eq!(axes, [Some(0), Some(2), Some(3), Some(1), Some(1), None]);
    }

    #[test]
    fn moves_kernels() {
        // Height 1, width 2, 1 channel in, 2 out: from HWIO to OIHW.
        assert_eq!(permuted(&[1.0, 2.0, 3.0, 4.0], &[1, 2, 1, 2], [3, 2, 0, 1]), [1.0, 3.0, 2.0, 4.0]);
    }
}
