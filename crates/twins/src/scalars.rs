//! A contact's plain text fields: a short sorted list instead of a map, because a hundred thousand maps are not modest.

/// Field name to text; unset fields are absent, and so is empty text.
#[derive(Clone, Default)]
pub(crate) struct Scalars(Vec<(&'static str, Box<str>)>);

impl Scalars {
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| *key == name).map(|(_, value)| &**value)
    }

    /// Sets the field, or removes it when there is nothing to hold.
    pub(crate) fn set(&mut self, name: &'static str, value: Option<&str>) {
        self.0.retain(|(key, _)| *key != name);
        if let Some(value) = value.filter(|text| !text.is_empty()) {
            self.0.push((name, value.into()));
            self.0.sort_unstable_by_key(|(key, _)| *key);
            self.0.shrink_to_fit();
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(key, value)| (*key, &**value))
    }
}
