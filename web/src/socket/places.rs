use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use uuid::Uuid;

/// The capture connections of the process: so many at once, and so many of one link.
pub(crate) struct Places {
    most_at_once: usize,
    most_of_link: usize,
    /// How many each session has; none is held at nothing.
    taken: Mutex<HashMap<Uuid, usize>>,
}

/// Why there is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Full {
    /// For nobody.
    All,
    /// For this link.
    Link,
}

/// One connection's; given back when it is dropped.
pub(super) struct Place {
    places: Arc<Places>,
    session: Uuid,
}

impl Places {
    pub(crate) fn new(most_at_once: usize, most_of_link: usize) -> Self {
        Self { most_at_once, most_of_link, taken: Mutex::default() }
    }

    /// How many are taken.
    pub(crate) fn taken(&self) -> usize {
        self.counts().values().sum()
    }

    pub(super) fn take(self: &Arc<Self>, session: Uuid) -> Result<Place, Full> {
        let mut taken = self.counts();
        if taken.values().sum::<usize>() >= self.most_at_once {
            return Err(Full::All);
        }
        let of_link = taken.entry(session).or_default();
        if *of_link >= self.most_of_link {
            return Err(Full::Link);
        }
        *of_link += 1;
        Ok(Place { places: Arc::clone(self), session })
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<Uuid, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.counts();
        if let Some(of_link) = taken.get_mut(&self.session) {
            *of_link -= 1;
            if *of_link == 0 {
                taken.remove(&self.session);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_has_its_places_and_leaves_the_others_theirs() {
        let places = Arc::new(Places::new(3, 2));
        let [one, other] = [1, 2].map(Uuid::from_u128);
        let first = places.take(one).ok().unwrap();
        let _second = places.take(one).ok().unwrap();
        assert_eq!(places.take(one).err(), Some(Full::Link));
        let _of_other = places.take(other).ok().unwrap();
        assert_eq!((places.take(other).err(), places.taken()), (Some(Full::All), 3));
        drop(first);
        assert_eq!(places.taken(), 2);
        assert!(places.take(one).is_ok());
    }
}
