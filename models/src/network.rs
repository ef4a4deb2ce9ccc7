use ort::environment::Environment;
use ort::session::Session;
use ort::session::builder::GraphOptimizationLevel;
use ort::value::TensorRef;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use thiserror::Error;

/// Why a network could not be loaded or run.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{what}: {why}")]
pub struct ModelError {
    what: String,
    why: String,
}

impl ModelError {
    pub(crate) fn new(what: &str, why: impl ToString) -> Self {
        Self { what: what.into(), why: why.to_string() }
    }
}

/// The ONNX runtime. It allows one environment a process: all who load it share that one.
#[derive(Clone)]
pub struct Runtime(Environment);

/// The environment of this process, once there is one.
static LOADED: Mutex<Option<Runtime>> = Mutex::new(None);

impl Runtime {
    /// Loads the runtime's library; one that this process has loaded before is shared, whatever its file.
    ///
    /// # Errors
    /// When the file is missing, is no such library, or is too old.
    pub fn load(library: &Path) -> Result<Self, ModelError> {
        let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(runtime) = &*loaded {
            return Ok(runtime.clone());
        }
        let failed = "the ONNX runtime cannot be loaded";
        let builder = ort::init_from(library).map_err(|error| ModelError::new(failed, error))?;
        let environment =
            builder.with_telemetry(false).build().map_err(|error| ModelError::new(failed, error))?;
        Ok(loaded.insert(Self(environment)).clone())
    }
}

/// One ONNX session: belongs to one thread, computes on that thread.
pub struct Network {
    name: String,
    input: String,
    session: Session,
}

impl Network {
    /// Loads the network of this name from the bytes of its file.
    ///
    /// # Errors
    /// When the runtime refuses it, or it has not one input.
    pub fn load(runtime: &Runtime, name: &str, onnx: &[u8]) -> Result<Self, ModelError> {
        let load = || -> Result<Session, String> {
            Session::builder(&runtime.0)
                .map_err(|error| error.to_string())?
                .with_optimization_level(GraphOptimizationLevel::Level3)
                .map_err(|error| error.to_string())?
                .with_intra_threads(1)
                .map_err(|error| error.to_string())?
                .commit_from_memory(onnx)
                .map_err(|error| error.to_string())
        };
        let session = load().map_err(|why| ModelError::new(name, why))?;
        let [input] = session.inputs() else {
            return Err(ModelError::new(name, format!("has {} inputs and not one", session.inputs().len())));
        };
        Ok(Self { name: name.into(), input: input.name().into(), session })
    }

    /// Runs on one picture of 3 planes of `side` x `side` numbers and hands back the outputs of these names.
    ///
    /// # Errors
    /// When the runtime fails, or there is no such output.
    pub fn run<const N: usize>(
        &mut self,
        planes: &[f32],
        side: usize,
        outputs: [&str; N],
    ) -> Result<[Vec<f32>; N], ModelError> {
        let Self { name, input: only, session } = self;
        let failed = |why: ort::Error| ModelError::new(name, why);
        let input = TensorRef::from_array_view(([1, 3, side, side], planes)).map_err(failed)?;
        let found = session.run(ort::inputs![&*only => input]).map_err(failed)?;
        let mut taken = [const { Vec::new() }; N];
        for (slot, output) in taken.iter_mut().zip(outputs) {
            let value = found
                .get(output)
                .ok_or_else(|| ModelError::new(name, format!("has no output `{output}`")))?;
            let (_, numbers) = value.try_extract_tensor::<f32>().map_err(failed)?;
            slot.extend_from_slice(numbers);
        }
        Ok(taken)
    }
}
