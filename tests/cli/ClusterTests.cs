using Xunit;

namespace HunyuanOrleans.Cli.Tests;

/// <summary>The verbs that answer, asking a cluster.</summary>
public sealed class ClusterTests
{
    // Outputs of the Orleans engine have a folder of their own.
    private static readonly bool IsOrleans = AppContext.BaseDirectory.Split(Path.DirectorySeparatorChar).Contains("orleans");

    [Theory]
    [InlineData("--threads", "--cluster", "127.0.0.1:1", "--threads", "2")]
    [InlineData("--mode", "--cluster", "127.0.0.1:1", "--mode", "f32")]
    [InlineData("--cluster-id", "--cluster-id", "other")]
    public void Options_that_do_not_go_together_are_refused(string said, params string[] options)
    {
        CliProcess.Run(["generate", "hello", .. options]).FailedWith(2, said, "--cluster");
        CliProcess.Run(["chat", .. options]).FailedWith(2, said, "--cluster");
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.1:0")]
    [InlineData("127.0.0.1:1,")]
    public void An_endpoint_is_host_and_port(string endpoint) =>
        CliProcess.Run("generate", "hello", "--cluster", endpoint).FailedWith(1, "HOST:PORT");

    [Fact]
    public void A_cluster_that_is_not_there_is_one_line() =>
        CliProcess.Run("chat", "--cluster", "127.0.0.1:1").FailedWith(1, IsOrleans ? "cannot be reached at 127.0.0.1:1" : "needs the Orleans engine");
}
