//! The state of all lanes, of which only the latest are in memory.

use super::VerifyError;
use super::lane::{Lane, LaneKey};
use rusqlite::{Connection, OptionalExtension as _, params};
use std::collections::HashMap;

/// Lanes of a generation; two of them are in memory, at a few hundred bytes each.
const GENERATION: usize = 8192;

/// Two generations of lanes in memory: the young one takes what is touched; when it is full, the old one goes into a
/// temporary database, which has no name and vanishes with its connection.
pub(super) struct Lanes {
    young: HashMap<LaneKey, Lane>,
    old: HashMap<LaneKey, Lane>,
    rest: Connection,
    any_in_rest: bool,
}

impl Lanes {
    pub(super) fn new() -> Result<Self, VerifyError> {
        let rest = Connection::open("")?;
        rest.execute_batch(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
             CREATE TABLE lanes (key TEXT PRIMARY KEY, lane TEXT NOT NULL, open INTEGER NOT NULL) WITHOUT ROWID;
             CREATE INDEX open_lanes ON lanes (key) WHERE open;",
        )?;
        Ok(Self { young: HashMap::new(), old: HashMap::new(), rest, any_in_rest: false })
    }

    /// The lane of this key, which is a new one where there is none.
    pub(super) fn get(&mut self, key: LaneKey) -> Result<&mut Lane, VerifyError> {
        if !self.young.contains_key(&key) {
            let lane = match self.old.remove(&key) {
                Some(lane) => lane,
                None => self.fetch(&key)?.unwrap_or_default(),
            };
            if self.young.len() >= GENERATION {
                self.turn()?;
            }
            self.young.insert(key.clone(), lane);
        }
        Ok(self.young.entry(key).or_default())
    }

    fn fetch(&self, key: &LaneKey) -> Result<Option<Lane>, VerifyError> {
        if !self.any_in_rest {
            return Ok(None);
        }
        let mut statement = self.rest.prepare_cached("SELECT lane FROM lanes WHERE key = ?1")?;
        let text: Option<String> =
            statement.query_row([serde_json::to_string(key)?], |row| row.get(0)).optional()?;
        Ok(text.map(|text| serde_json::from_str(&text)).transpose()?)
    }

    /// The young become the old, and the old go.
    fn turn(&mut self) -> Result<(), VerifyError> {
        let gone = std::mem::replace(&mut self.old, std::mem::take(&mut self.young));
        self.any_in_rest |= !gone.is_empty();
        let transaction = self.rest.unchecked_transaction()?;
        {
            let mut statement = transaction
                .prepare_cached("INSERT OR REPLACE INTO lanes (key, lane, open) VALUES (?1, ?2, ?3)")?;
            for (key, lane) in &gone {
                let (key, text) = (serde_json::to_string(key)?, serde_json::to_string(lane)?);
                statement.execute(params![key, text, lane.is_open()])?;
            }
        }
        transaction.commit()?;
        Ok(())
    }

    /// Shows all lanes at which something is open, in the order of their keys.
    pub(super) fn for_each_open(&mut self, mut show: impl FnMut(LaneKey, Lane)) -> Result<(), VerifyError> {
        self.turn()?;
        self.turn()?;
        let mut statement = self.rest.prepare("SELECT key, lane FROM lanes WHERE open ORDER BY key")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (key, lane): (String, String) = (row.get(0)?, row.get(1)?);
            show(serde_json::from_str(&key)?, serde_json::from_str(&lane)?);
        }
        Ok(())
    }
}
