using Xunit;

namespace HunyuanOrleans.Cli.Tests;

/// <summary>Wrong command lines: code 2 and one line that says what is wrong.</summary>
public sealed class UsageTests
{
    [Fact]
    public void Unknown_verb() => CliProcess.Run("fly").FailedWith(2, "fly", "hunyuan --help");
}
