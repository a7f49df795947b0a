//! Runs a case in both shapes.

/// Each case is a function of the shape; its tests are in the modules `embedded` and `distributed`.
macro_rules! in_both_shapes {
    ($($case:ident),* $(,)?) => {
        in_both_shapes!(@shape embedded Embedded $($case)*);
        in_both_shapes!(@shape distributed Distributed $($case)*);
    };
    (@shape $name:ident $shape:ident $($case:ident)*) => {
        mod $name {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $case() {
                    super::$case(tandem_tests::Shape::$shape).await;
                }
            )*
        }
    };
}
