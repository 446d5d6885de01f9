using Xunit;

namespace HunyuanOrleans.Cli.Tests;

/// <summary>The option --cluster.</summary>
public sealed class ClusterTests
{
    [Theory]
    [InlineData("--threads", "--cluster", "127.0.0.1:1", "--threads", "2")]
    [InlineData("--mode", "--cluster", "127.0.0.1:1", "--mode", "f32")]
    [InlineData("--device", "--cluster", "127.0.0.1:1", "--device", "cuda:0")]
    [InlineData("--quant", "--cluster", "127.0.0.1:1", "--quant", "int8")]
    [InlineData("--cluster-id", "--cluster-id", "other")]
    public void Conflicting_options_are_refused(string named, params string[] options)
    {
        CliProcess.Run(["generate", "hello", .. options]).FailedWith(2, named, "--cluster");
        CliProcess.Run(["chat", .. options]).FailedWith(2, named, "--cluster");
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.1:0")]
    [InlineData("127.0.0.1:1,")]
    public void An_endpoint_is_host_and_port(string endpoint) =>
        CliProcess.Run("generate", "hello", "--cluster", endpoint).FailedWith(1, "HOST:PORT");

    [Fact]
    public void An_unreachable_cluster_is_reported_in_one_line() =>
        CliProcess.Run("chat", "--cluster", "127.0.0.1:1").FailedWith(1, "cannot be reached at 127.0.0.1:1");
}
