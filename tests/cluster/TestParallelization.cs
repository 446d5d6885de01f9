using Xunit;

// Each test keeps the machine busy with silos and threads. Tests that ran side by side would only slow each other down.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
