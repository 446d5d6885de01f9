using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Panels;
using Xunit;

namespace HunyuanOrleans.Kernels.Tests.Isa;

/// <summary>The choice of an instruction set by detection and by the environment variable.</summary>
public sealed class InstructionSetTests
{
    private static readonly InstructionSet[] All = Enum.GetValues<InstructionSet>();

    [Fact]
    public void AvailableSetsEndWithTheBest()
    {
        Assert.Equal(InstructionSet.Portable, InstructionSets.Available[0]);
        Assert.Equal(InstructionSets.Best, InstructionSets.Available[^1]);
        Assert.Equal(InstructionSets.Available.Order(), InstructionSets.Available);
    }

    [Theory]
    [InlineData(null, InstructionSet.Avx512Bf16)]
    [InlineData("", InstructionSet.Avx512Bf16)]
    [InlineData(" ", InstructionSet.Avx512Bf16)]
    [InlineData("portable", InstructionSet.Portable)]
    [InlineData("AVX2", InstructionSet.Avx2)]
    [InlineData("avxvnni", InstructionSet.AvxVnni)]
    [InlineData("Avx512", InstructionSet.Avx512)]
    [InlineData("AVX512VNNI", InstructionSet.Avx512Vnni)]
    [InlineData(" avx512bf16 ", InstructionSet.Avx512Bf16)]
    public void NamesAreAccepted(string? text, InstructionSet expected) => Assert.Equal(expected, InstructionSets.Parse(text, All));

    [Theory]
    [InlineData("3")]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("avx")]
    [InlineData("avx2,avx512")]
    [InlineData("portable,avx2")]
    [InlineData("best")]
    public void UnknownNamesAreRejected(string text)
    {
        NotSupportedException error = Assert.Throws<NotSupportedException>(() => InstructionSets.Parse(text, All));
        Assert.Contains($"HUNYUAN_ISA is '{text}'", error.Message, StringComparison.Ordinal);
        Assert.Contains("portable, avx2, avxvnni, avx512, avx512vnni, avx512bf16", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void SetsWithTheSameBitsShareAName()
    {
        string[] names = [.. All.Select(InstructionSets.BitsOf)];
        Assert.Equal(3, names.Distinct().Count());
        Assert.All(names[1..^1], name => Assert.Equal("fma", name));
    }

    [Fact]
    public void UnsupportedSetsAreRejected()
    {
        InstructionSet[] some = [InstructionSet.Portable, InstructionSet.Avx2];
        Assert.Equal(InstructionSet.Avx2, InstructionSets.Parse(null, some));
        NotSupportedException error = Assert.Throws<NotSupportedException>(() => InstructionSets.Parse("avx512", some));
        Assert.EndsWith("this machine can run: portable, avx2.", error.Message, StringComparison.Ordinal);
        Assert.Throws<NotSupportedException>(() => PanelKernels.For((InstructionSet)17));
    }

    [Fact]
    public void TheEnvironmentVariableSelectsTheSet()
    {
        string? before = Environment.GetEnvironmentVariable(InstructionSets.EnvironmentVariable);
        try
        {
            foreach (InstructionSet set in InstructionSets.Available)
            {
                Environment.SetEnvironmentVariable(InstructionSets.EnvironmentVariable, set.ToString().ToLowerInvariant());
                Assert.Equal(set, InstructionSets.Choose());
                Assert.Equal(set, PanelKernels.For().Isa);
            }

            Environment.SetEnvironmentVariable(InstructionSets.EnvironmentVariable, "2");
            Assert.Throws<NotSupportedException>(() => InstructionSets.Choose());
            Environment.SetEnvironmentVariable(InstructionSets.EnvironmentVariable, null);
            Assert.Equal(InstructionSets.Best, InstructionSets.Choose());
        }
        finally
        {
            Environment.SetEnvironmentVariable(InstructionSets.EnvironmentVariable, before);
        }
    }
}
