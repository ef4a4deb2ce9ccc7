//! The bare ONNX loop: the networks that the service loads, run as often, each on a picture that is ready for it.

use crate::networks::Installed;
use anyhow::Context as _;
use liveness_models::Network;

/// The one network that not every frame is shown to.
const DESCRIBES: &str = "faceres";

/// The networks, for one thread.
pub(crate) struct Bare(Vec<Ready>);

struct Ready {
    name: String,
    network: Network,
    side: usize,
    planes: Vec<f32>,
}

impl Bare {
    pub(crate) fn load(Installed { networks, dirs }: &Installed) -> anyhow::Result<Self> {
        let ready = networks.set.used().iter().map(|used| {
            let model = networks.manifest.named(&used.name).context("a network without an entry")?;
            let (_, bytes) = networks.manifest.read(model, dirs)?;
            let (side, _) = model.size().context("a network that takes no picture")?;
            let side = side as usize;
            Ok(Ready {
                name: used.name.clone(),
                network: Network::load(&networks.runtime, &used.name, &bytes)?,
                side,
                planes: vec![0.5; 3 * side * side],
            })
        });
        Ok(Self(ready.collect::<anyhow::Result<_>>()?))
    }

    /// Runs what is run for one frame; `done` is told each network after its turn.
    pub(crate) fn run(&mut self, describe: bool, mut done: impl FnMut(&str)) -> anyhow::Result<()> {
        for Ready { name, network, side, planes } in &mut self.0 {
            if describe || name != DESCRIBES {
                network.run(planes, *side, [])?;
                done(name);
            }
        }
        Ok(())
    }
}
