//! What a server does wrong, and when.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use tonic::Status;

/// What goes wrong with one append.
#[derive(Debug, Clone)]
pub(in super::super) enum AppendFault {
    /// It is refused by a status.
    Refuse(Status),
    /// It is taken, and the answer is an error.
    TakeAndFail(Status),
    /// It is taken, and the answer does not say where it stands.
    TakeAndKeepThePlace,
    /// No answer comes.
    Hang,
    /// The answer lacks its result, which the crate unwraps.
    Senseless,
}

/// What goes wrong with one finite read of a stream, or of all forwards.
#[derive(Debug, Clone)]
pub(in super::super) enum ReadFault {
    /// It is refused by a status.
    Refuse(Status),
    /// No answer comes.
    Hang,
    /// A message without content, which the crate unwraps.
    Senseless,
    /// An event without an id, which the crate unwraps.
    NoId,
    /// The answer breaks off by a status, after its first event.
    BreakOff(Status),
}

/// What goes wrong with one subscription.
#[derive(Debug, Clone, Copy)]
pub(in super::super) enum BellFault {
    /// It ends with status OK at once: the crate's own would spin.
    EndOk,
    /// It confirms and says nothing more.
    Mute,
    /// It does not even confirm.
    Silent,
    /// It never stops talking.
    Flood,
    /// It is refused.
    Refuse,
}

/// What a server does wrong: each is done once, in this order; `always` is done when the queue is empty.
#[derive(Debug, Default)]
pub(in super::super) struct Script {
    pub(in super::super) appends: Mutex<VecDeque<AppendFault>>,
    pub(in super::super) reads: Mutex<VecDeque<ReadFault>>,
    /// What becomes of every subscription.
    pub(in super::super) bell: Mutex<Option<BellFault>>,
    /// What the question for features is answered with.
    pub(in super::super) features: Mutex<VecDeque<Status>>,
    /// Whom gossip names as the leader; this node, if nobody.
    pub(in super::super) leader: Mutex<Option<SocketAddr>>,
    /// Events of a stream come without their place in the whole log, as before 22.6.
    pub(in super::super) unplaced: std::sync::atomic::AtomicBool,
    /// What every call of the streams is refused with.
    pub(in super::super) refuse_all: Mutex<Option<Status>>,
    pub(in super::super) appended: AtomicUsize,
    pub(in super::super) subscribed: AtomicUsize,
    pub(in super::super) authorizations: Mutex<Vec<Option<String>>>,
}

impl Script {
    pub(in super::super) fn append(&self, fault: AppendFault) {
        self.appends.lock().unwrap_or_else(PoisonError::into_inner).push_back(fault);
    }

    pub(in super::super) fn read(&self, fault: ReadFault) {
        self.reads.lock().unwrap_or_else(PoisonError::into_inner).push_back(fault);
    }

    pub(in super::super) fn ring(&self, fault: Option<BellFault>) {
        *self.bell.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    pub(in super::super) fn refuse(&self, status: Option<Status>) {
        *self.refuse_all.lock().unwrap_or_else(PoisonError::into_inner) = status;
    }

    pub(in super::super) fn leads(&self, address: SocketAddr) {
        *self.leader.lock().unwrap_or_else(PoisonError::into_inner) = Some(address);
    }

    pub(super) fn features(&self) -> Option<Status> {
        super::take(&self.features)
    }

    pub(super) fn refusal(&self) -> Result<(), Status> {
        self.refuse_all.lock().unwrap_or_else(PoisonError::into_inner).clone().map_or(Ok(()), Err)
    }

    pub(super) fn count(counter: &AtomicUsize) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}
