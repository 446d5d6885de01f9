using HunyuanOrleans.TestSupport;

namespace HunyuanOrleans.Model.Tests.Parts;

/// <summary>The small random models of the tests, and their prompts.</summary>
internal static class GoldenModels
{
    public const string Cla = "tiny-cla";
    public const string TopFour = "tiny-top8-nocla";

    /// <summary>Prompts of 1, 7, 33 and 120 ids.</summary>
    public static int[][] Prompts(string name) => [.. GoldenCase.Load(name).Prompts.Select(p => p.Ids)];

    public static void AssertSameBits(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, string what)
    {
        for (int i = 0; i < expected.Length; i++)
        {
            if (expected.Length != actual.Length || BitConverter.SingleToInt32Bits(expected[i]) != BitConverter.SingleToInt32Bits(actual[i]))
            {
                Xunit.Assert.Fail($"{what}: value {i} is {actual[i]:R}, expected the same bits as {expected[i]:R}.");
            }
        }
    }
}
