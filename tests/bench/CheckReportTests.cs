using HunyuanOrleans.Bench.Checks;
using HunyuanOrleans.Cuda.Driver;
using HunyuanOrleans.Ptx;
using Xunit;

namespace HunyuanOrleans.Bench.Tests;

public sealed class CheckReportTests
{
    [Theory]
    [InlineData(new[] { 1f, 2f, 4f }, new[] { 1f, 2f, 4f }, true)]
    [InlineData(new[] { 1f, 2f, 4f }, new[] { 1f, 2.4f, 4f }, true)]
    [InlineData(new[] { 1f, 2f, 4f }, new[] { 1.6f, 2f, 4f }, false)]
    [InlineData(new[] { 1f, 2f, 4f }, new[] { float.NaN, 2f, 4f }, false)]
    [InlineData(new[] { 1f, 2f, 4f }, new[] { 1f, 2f, float.NaN }, false)]
    [InlineData(new[] { 1f, float.NaN, 4f }, new[] { 1f, 2f, 4f }, false)]
    [InlineData(new[] { 1f, 2f, 4f }, new[] { float.PositiveInfinity, 2f, 4f }, false)]
    public void Values_are_near_the_expected_ones(float[] expected, float[] actual, bool passes)
    {
        CheckReport report = new();
        report.Compare("values", expected, actual, tolerance: 0.125);
        Assert.Equal(passes, Assert.Single(report.Results).Passed);
        Assert.Equal(passes ? 0 : 1, report.Failed);
    }

    [Fact]
    public void Errors_and_faults_are_failed_checks()
    {
        CheckReport report = new();
        report.Run("error", static () => throw new CudaException("The device is gone."));
        report.Run("fault", static () => throw new PtxFault("kernel", "add.u32 %r1, %r2, %r3;", 7, (0, 0, 0), 0, "The register %r2 was never written."));
        Assert.Equal(2, report.Failed);
        Assert.Equal("The device is gone.", report.Results[0].Error);
        Assert.StartsWith("The register %r2 was never written.", report.Results[1].Error, StringComparison.Ordinal);
    }
}
