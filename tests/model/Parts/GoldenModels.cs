using System.Text.Json;
using HunyuanOrleans.TestSupport;

namespace HunyuanOrleans.Model.Tests.Parts;

/// <summary>The small random models that ship with the tests, and their prompts.</summary>
internal static class GoldenModels
{
    public const string Cla = "tiny-cla";
    public const string TopFour = "tiny-top8-nocla";

    public static string Folder(string name) => Path.Combine(TestPaths.Data, "models", name);

    /// <summary>Prompts of 1, 7, 33 and 120 ids.</summary>
    public static int[][] Prompts(string name)
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(TestPaths.Data, "expected", name, "golden.json")));
        return [.. json.RootElement.GetProperty("prompts").EnumerateArray()
            .Select(p => p.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32()).ToArray())];
    }

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
