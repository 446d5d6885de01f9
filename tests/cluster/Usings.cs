using Xunit;

// Each test has silos, threads and deadlines of its own; side by side they would measure each other.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
