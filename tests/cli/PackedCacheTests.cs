using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Cli.Tests;

/// <summary>The option --packed-cache.</summary>
public sealed class PackedCacheTests
{
    [Fact]
    public void A_copy_is_written_once_and_gives_the_same_answer()
    {
        using TempFolder cache = new();
        string[] asked = ["generate", "What is the capital of France?", "--packed-cache", cache.Root];
        CliResult first = CliProcess.Run(asked);
        string copy = Assert.Single(Directory.GetFiles(cache.Root, "*.packed"));
        DateTime written = File.GetLastWriteTimeUtc(copy);
        CliResult second = CliProcess.Run(asked);
        Assert.Equal((0, "The capital of France is Paris.\n", ""), (first.Code, first.Output, first.Error));
        Assert.Equal((first.Code, first.Output, first.Error), (second.Code, second.Output, second.Error));
        Assert.Equal(written, File.GetLastWriteTimeUtc(copy));
    }

    [Fact]
    public void A_damaged_copy_is_replaced_with_a_warning()
    {
        using TempFolder cache = new();
        string[] asked = ["generate", "What is the capital of France?", "--packed-cache", cache.Root];
        CliProcess.Run(asked);
        string copy = Assert.Single(Directory.GetFiles(cache.Root, "*.packed"));
        long length = new FileInfo(copy).Length;
        using (FileStream file = File.OpenWrite(copy))
        {
            file.SetLength(length / 2);
        }

        CliResult result = CliProcess.Run(asked);
        Assert.Equal((0, "The capital of France is Paris.\n"), (result.Code, result.Output));
        Assert.Contains(Path.GetFileName(copy), result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
        Assert.Equal(length, new FileInfo(copy).Length);
    }
}
