//! Families that know their labels.

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Metric, Registry, Unit};

use crate::names::{Description, Kind};

type Labels<const N: usize> = [(&'static str, &'static str); N];

/// Counters by `N` labels.
#[derive(Debug, Clone)]
pub(super) struct Counters<const N: usize>(Labelled<Family<Labels<N>, Counter>>);

/// Gauges by `N` labels.
#[derive(Debug, Clone)]
pub(super) struct Gauges<const N: usize>(Labelled<Family<Labels<N>, Gauge>>);

/// Histograms by `N` labels.
#[derive(Debug, Clone)]
pub(super) struct Durations<const N: usize>(Labelled<Family<Labels<N>, Histogram, Buckets>>);

#[derive(Debug, Clone)]
struct Labelled<F> {
    family: F,
    description: &'static Description,
}

impl<const N: usize> Counters<N> {
    pub(super) fn new(registry: &mut Registry, description: &'static Description) -> Self {
        let family = register(registry, description, Family::default());
        for labels in description.series() {
            drop(family.get_or_create(&labels));
        }
        Self(Labelled { family, description })
    }

    pub(super) fn add(&self, values: [&'static str; N]) {
        self.add_many(values, 1);
    }

    pub(super) fn add_many(&self, values: [&'static str; N], count: u64) {
        self.0.family.get_or_create(&self.0.description.labelled(values)).inc_by(count);
    }
}

impl<const N: usize> Gauges<N> {
    pub(super) fn new(registry: &mut Registry, description: &'static Description) -> Self {
        Self(Labelled { family: register(registry, description, Family::default()), description })
    }

    pub(super) fn set(&self, values: [&'static str; N], value: i64) {
        self.0.family.get_or_create(&self.0.description.labelled(values)).set(value);
    }
}

impl<const N: usize> Durations<N> {
    pub(super) fn new(registry: &mut Registry, description: &'static Description) -> Self {
        let family = register(registry, description, Family::new_with_constructor(Buckets));
        for labels in description.series() {
            drop(family.get_or_create(&labels));
        }
        Self(Labelled { family, description })
    }

    pub(super) fn add(&self, values: [&'static str; N], took: Duration) {
        self.0.family.get_or_create(&self.0.description.labelled(values)).observe(took.as_secs_f64());
    }
}

impl Description {
    fn labelled<const N: usize>(&self, values: [&'static str; N]) -> Labels<N> {
        let mut labels = self.labels.iter();
        values.map(|value| {
            let label = labels.next();
            let is_known = label.is_some_and(|label| label.values.is_empty() || label.values.contains(&value));
            debug_assert!(is_known, "{value:?} is no value of {}'s labels: add it to names.rs", self.name);
            (label.map_or("label", |label| label.key), value)
        })
    }

    /// What is exposed before anything happened.
    fn series<const N: usize>(&self) -> Vec<Labels<N>> {
        let mut series = if self.is_exposed_at_once() { vec![[("", ""); N]] } else { Vec::new() };
        for (place, label) in self.labels.iter().enumerate() {
            let with = |labels: Labels<N>, value: &'static str| {
                let mut labels = labels;
                labels[place] = (label.key, value);
                labels
            };
            let values = |labels: Labels<N>| label.values.iter().map(move |value| with(labels, value));
            series = series.into_iter().flat_map(values).collect();
        }
        series
    }
}

/// 1 ms to 10 minutes: from a local queue hop to a provider that is down for a while.
#[derive(Debug, Clone, Copy)]
pub(super) struct Buckets;

impl MetricConstructor<Histogram> for Buckets {
    fn new_metric(&self) -> Histogram {
        Histogram::new([0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 600.0])
    }
}

pub(super) fn register<M: Metric + Clone>(registry: &mut Registry, description: &Description, metric: M) -> M {
    let Description { name, kind, help, .. } = *description;
    match kind {
        Kind::Counter | Kind::Gauge => registry.register(name, help, metric.clone()),
        Kind::Seconds => registry.register_with_unit(name, help, Unit::Seconds, metric.clone()),
    }
    metric
}
