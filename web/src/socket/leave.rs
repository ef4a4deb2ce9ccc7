use crate::messages::LeaveCapture;
use actix::Recipient;
use uuid::Uuid;

/// Tells the session that its connection is gone, in whatever way that came about: also when the task is dropped.
pub(super) struct Leaver {
    session: Uuid,
    connection: Uuid,
    /// Whom to tell; none where there is nothing to tell.
    told: Option<Recipient<LeaveCapture>>,
}

impl Leaver {
    pub(super) const fn new(session: Uuid, connection: Uuid) -> Self {
        Self { session, connection, told: None }
    }

    /// From now on there is something to leave.
    pub(super) fn arm(&mut self, told: Recipient<LeaveCapture>) {
        self.told = Some(told);
    }

    /// The session knows already.
    pub(super) fn disarm(&mut self) {
        self.told = None;
    }

    /// Tells it now.
    pub(super) fn leave(&mut self) {
        if let Some(told) = self.told.take() {
            // Beyond the mailbox's bound, on purpose: there are no more of these than connections.
            told.do_send(LeaveCapture {
                session: self.session,
                connection: self.connection,
                cancelled: None,
            });
        }
    }
}

impl Drop for Leaver {
    fn drop(&mut self) {
        self.leave();
    }
}
