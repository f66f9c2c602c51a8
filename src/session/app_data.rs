//! What a session holds of the application's own.

use crate::types::{AppJson, Device};

/// The application's part of a session. Empty in most, and then it takes no byte.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct AppData {
    slot: Option<AppJson>,
    /// Whether this request has set or cleared it. Not written.
    slot_changed: bool,
    /// What travelled with the sign-in, until a page takes it.
    carried: Option<AppJson>,
    device: Option<Device>,
    /// Whether this request has told it. Not written.
    device_changed: bool,
}

impl AppData {
    /// That of a session that begins.
    pub(crate) fn new(slot: Option<AppJson>, carried: Option<AppJson>) -> Self {
        Self { slot, carried, ..Self::default() }
    }

    /// The same, with what is known of the device.
    pub(super) fn on(self, device: Option<Device>) -> Self {
        Self { device, ..self }
    }

    pub(crate) fn device(&self) -> Option<&Device> {
        self.device.as_ref()
    }

    pub(super) fn set_device(&mut self, device: Device) {
        (self.device, self.device_changed) = (Some(device), true);
    }

    pub(crate) fn slot(&self) -> Option<&AppJson> {
        self.slot.as_ref()
    }

    pub(crate) fn set_slot(&mut self, slot: Option<AppJson>) {
        (self.slot, self.slot_changed) = (slot, true);
    }

    pub(crate) fn carried(&self) -> Option<&AppJson> {
        self.carried.as_ref()
    }

    pub(crate) fn clear_carried(&mut self) {
        self.carried = None;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.slot.is_none() && self.carried.is_none() && self.device.is_none()
    }

    /// Bytes that it takes, nearly.
    pub(super) fn size(&self) -> usize {
        let user_agent = self.device.as_ref().and_then(Device::get_user_agent).map_or(0, str::len);
        [&self.slot, &self.carried].into_iter().flatten().map(|json| json.as_str().len()).sum::<usize>() + user_agent
    }

    /// Takes over what another state of this session has, which was written before this one. Of two requests that set the slot the one that
    /// writes last counts; one that did not touch it keeps what the other has set. The state is there from the beginning, so where one of two
    /// has none, it was taken.
    pub(super) fn merge(&mut self, other: Self) {
        if !self.slot_changed {
            self.slot = other.slot;
        }
        if !self.device_changed {
            self.device = other.device;
        }
        self.carried = self.carried.take().filter(|_| other.carried.is_some());
    }

    /// Whether it says what another one says.
    pub(super) fn adds_nothing_to(&self, other: &Self) -> bool {
        self.slot == other.slot && self.carried == other.carried && self.device == other.device
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(json: &str) -> AppJson {
        AppJson::from_written(json)
    }

    #[test]
    fn of_two_requests_that_set_the_slot_the_last_to_write_counts() {
        let begun = AppData::new(Some(json("0")), None);
        let (mut first, mut second, mut neither) = (begun.clone(), begun.clone(), begun);
        first.set_slot(Some(json("1")));
        second.set_slot(Some(json("2")));
        neither.merge(first.clone());
        assert_eq!(neither.slot(), Some(&json("1")), "one that did not touch it takes over what was set");
        second.merge(first.clone());
        assert_eq!(second.slot(), Some(&json("2")));
        assert!(!second.adds_nothing_to(&first));
        let mut cleared = first.clone();
        cleared.set_slot(None);
        cleared.merge(first);
        assert_eq!(cleared.slot(), None, "to clear it is to set it");
    }

    #[test]
    fn a_state_that_one_request_took_stays_taken() {
        let begun = AppData::new(None, Some(json("\"plan\"")));
        let mut taken = begun.clone();
        taken.clear_carried();
        let mut other = begun.clone();
        other.merge(taken.clone());
        assert_eq!(other.carried(), None);
        taken.merge(begun);
        assert_eq!(taken.carried(), None);
    }
}
