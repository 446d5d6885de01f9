using HunyuanOrleans.Cuda.Driver;
using HunyuanOrleans.Ptx;

namespace HunyuanOrleans.Bench.Checks;

/// <summary>Collects the results of checks and prints a line for each.</summary>
internal sealed class CheckReport
{
    private readonly List<CheckResult> _results = [];

    /// <summary>Called after a result was added.</summary>
    public Action? Added { get; set; }

    /// <summary>The results so far.</summary>
    public IReadOnlyList<CheckResult> Results => _results;

    /// <summary>Number of checks that failed.</summary>
    public int Failed => _results.Count(static result => !result.Passed);

    /// <summary>Compares values with those of another device.</summary>
    /// <param name="name">What is checked.</param>
    /// <param name="expected">The values of the other device.</param>
    /// <param name="actual">The values.</param>
    /// <param name="tolerance">The largest difference, relative to the largest expected magnitude.</param>
    public void Compare(string name, ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, double tolerance)
    {
        double largest = Differences.Largest(expected, actual), magnitude = 0;
        foreach (float value in expected)
        {
            magnitude = Math.Max(magnitude, Math.Abs(value));
        }

        double relative = magnitude > 0 ? largest / magnitude : largest;
        Add(new CheckResult(name, relative <= tolerance, relative, tolerance, null));
    }

    /// <summary>Compares values bit by bit.</summary>
    public void SameBits(string name, ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        int other = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            other += BitConverter.SingleToInt32Bits(expected[i]) == BitConverter.SingleToInt32Bits(actual[i]) ? 0 : 1;
        }

        Add(new CheckResult(name, other == 0, other, 0, null));
    }

    /// <summary>Compares integers.</summary>
    public void SameIntegers(string name, ReadOnlySpan<int> expected, ReadOnlySpan<int> actual)
    {
        int other = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            other += expected[i] == actual[i] ? 0 : 1;
        }

        Add(new CheckResult(name, other == 0, other, 0, null));
    }

    /// <summary>Runs checks of one kind. An error of the device, or a fault that the interpreter finds in a kernel, is a failed check.</summary>
    public void Run(string name, Action checks)
    {
        try
        {
            checks();
        }
        catch (Exception e) when (e is CudaException or PtxFault or ArgumentException or InvalidOperationException)
        {
            Add(new CheckResult(name, false, double.NaN, 0, e.Message));
        }
    }

    private void Add(CheckResult result)
    {
        _results.Add(result);
        Added?.Invoke();
        Console.WriteLine(
            $"{(result.Passed ? "ok    " : "FAILED")} {result.Name}: {(result.Error ?? $"difference {result.Difference:G3}, allowed {result.Tolerance:G3}")}");
    }
}
