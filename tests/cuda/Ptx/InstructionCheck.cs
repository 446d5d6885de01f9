using Xunit;

namespace HunyuanOrleans.Cuda.Tests;

/// <summary>Compares an instruction with C#.</summary>
internal static class InstructionCheck
{
    /// <summary>The results must have the same bits.</summary>
    public static void Equal(string instruction, string[] types, IReadOnlyList<ulong[]> rows, Func<ulong[], ulong> reference)
    {
        ulong[] results = TestKernel.Apply(instruction, types, rows);
        for (int i = 0; i < rows.Count; i++)
        {
            ulong expected = reference(rows[i]);
            Assert.True(
                expected == results[i],
                $"{instruction} of {string.Join(", ", rows[i].Select(static value => $"0x{value:x}"))} is 0x{results[i]:x} instead of 0x{expected:x}.");
        }
    }
}
