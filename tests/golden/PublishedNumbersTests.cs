using System.Runtime.InteropServices;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Parts;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Golden.Tests;

/// <summary>
/// Compares logits, hidden states and routing with the results of the published code, within the tolerances of its notes.
/// </summary>
public sealed class PublishedNumbersTests
{
    internal const float F32Tolerance = 2e-4f;
    private const float GateTolerance = 2e-5f;

    // The outer model has tied heads, a small width and routers with close scores, so that rounding changes more choices of experts.
    private const double MedianOfHyV3 = 0.3;

    public static TheoryData<string, InstructionSet> Cases
    {
        get
        {
            TheoryData<string, InstructionSet> data = [];
            foreach (InstructionSet isa in FloatKernels.Sets)
            {
                foreach (string name in GoldenCase.Names)
                {
                    data.Add(name, isa);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void LogitsInFloat32(string name, InstructionSet isa)
    {
        GoldenCase golden = GoldenCase.Load(name);
        using ModelRunner model = Session.Load(golden.ModelFolder, ComputeMode.F32, isa: isa);
        foreach (GoldenPrompt prompt in golden.Prompts)
        {
            float[][] logits = new Session(model).Append(prompt.Ids);
            AssertRows(prompt.Array("logits").Values, prompt.LogitPositions.Select(p => logits[p]), F32Tolerance);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void GreedyContinuationInFloat32(string name, InstructionSet isa)
    {
        GoldenCase golden = GoldenCase.Load(name);
        using ModelRunner model = Session.Load(golden.ModelFolder, ComputeMode.F32, isa: isa);
        foreach (GoldenPrompt prompt in golden.Prompts)
        {
            Session session = new(model);
            List<float[]> rows = [session.Append(prompt.Ids)[^1]];
            List<int> ids = [ArgMax(rows[^1])];
            while (ids.Count < prompt.GreedyIds.Length)
            {
                rows.Add(session.Append([ids[^1]])[0]);
                ids.Add(ArgMax(rows[^1]));
            }

            Assert.Equal(prompt.GreedyIds, ids);
            if (prompt.HasArray("greedy_logits"))
            {
                AssertRows(prompt.Array("greedy_logits").Values, rows, F32Tolerance);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void HiddenStatesAndRoutingInFloat32(string name, InstructionSet isa)
    {
        GoldenCase golden = GoldenCase.Load(name);
        using ModelRunner model = Session.Load(golden.ModelFolder, ComputeMode.F32, isa: isa);
        foreach (GoldenPrompt prompt in golden.Prompts)
        {
            Recorder recorder = new();
            model.Observer = recorder;
            new Session(model).Append(prompt.Ids);
            (float[] hidden, int[] shape) = prompt.Array("hidden_last");
            AssertRows(hidden.AsSpan(0, hidden.Length - shape[1]).ToArray(), recorder.Last, F32Tolerance);
            if (!prompt.HasExperts)
            {
                Assert.Empty(recorder.Choices);
                continue;
            }

            AssertRows(prompt.Array("router_logits").Values, recorder.Scores, F32Tolerance);
            (float[] weights, int[] weightShape) = prompt.Array("gate_weights");
            int k = weightShape[2];
            for (int layer = 0; layer < weightShape[0]; layer++)
            {
                for (int token = 0; token < weightShape[1]; token++)
                {
                    int[] expected = prompt.Experts(layer, token);
                    (int[] experts, float[] given) = recorder.Choices[(layer * weightShape[1]) + token];
                    Assert.Equal(expected.Order(), experts);
                    for (int i = 0; i < k; i++)
                    {
                        float weight = given[Array.IndexOf(experts, expected[i])];
                        Assert.Equal(weights[(((layer * weightShape[1]) + token) * k) + i], weight, GateTolerance);
                    }
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void LogitsInBfloat16(string name, InstructionSet isa)
    {
        GoldenCase golden = GoldenCase.Load(name);
        using ModelRunner model = Session.Load(golden.ModelFolder, ComputeMode.Bf16, isa: isa);
        AssertBfloat16(model, golden.Prompts, GoldenCase.HyV3.Contains(name) ? MedianOfHyV3 : 0.1);
    }

    /// <summary>Compares the logits of a model that computes in bfloat16, within what its rounding explains.</summary>
    internal static void AssertBfloat16(ModelRunner model, IEnumerable<GoldenPrompt> prompts, double medianLimit = 0.1)
    {
        List<double> means = [];
        double before = 0;
        int beforeCount = 0;
        foreach (GoldenPrompt prompt in prompts)
        {
            Recorder recorder = new();
            model.Observer = recorder;
            float[][] logits = new Session(model).Append(prompt.Ids);
            int firstChange = FirstChange(prompt, recorder);
            (float[] expected, int[] shape) = prompt.Array("logits");
            for (int i = 0; i < prompt.LogitPositions.Length; i++)
            {
                int position = prompt.LogitPositions[i];
                double sum = 0;
                double max = 0;
                for (int v = 0; v < shape[1]; v++)
                {
                    double difference = Math.Abs(expected[(i * shape[1]) + v] - logits[position][v]);
                    sum += difference;
                    max = Math.Max(max, difference);
                }

                means.Add(sum / shape[1]);
                if (position < firstChange)
                {
                    before += sum / shape[1];
                    beforeCount++;
                    Assert.InRange(max, 0, 0.8);
                }
            }
        }

        means.Sort();
        Assert.InRange(means[means.Count / 2], 0, medianLimit);
        Assert.True(beforeCount > 0);
        Assert.InRange(before / beforeCount, 0, 0.1);
    }

    internal static int ArgMax(float[] row) => Array.IndexOf(row, row.Max());

    private static int FirstChange(GoldenPrompt prompt, Recorder recorder)
    {
        int tokens = prompt.Ids.Length;
        if (!prompt.HasExperts)
        {
            return tokens;
        }

        int layers = recorder.Choices.Count / tokens;
        for (int token = 0; token < tokens; token++)
        {
            for (int layer = 0; layer < layers; layer++)
            {
                if (!recorder.Choices[(layer * tokens) + token].Experts.SequenceEqual(prompt.Experts(layer, token).Order()))
                {
                    return token;
                }
            }
        }

        return tokens;
    }

    internal static void AssertRows(float[] expected, IEnumerable<float[]> actual, float tolerance)
    {
        float[] flat = [.. actual.SelectMany(r => r)];
        Assert.Equal(expected.Length, flat.Length);
        for (int i = 0; i < flat.Length; i++)
        {
            if (!(MathF.Abs(expected[i] - flat[i]) <= tolerance))
            {
                Assert.Fail($"Value {i} is {flat[i]}, expected {expected[i]} within {tolerance}.");
            }
        }
    }

    /// <summary>Records the intermediate values for which published results exist.</summary>
    private sealed class Recorder : IForwardObserver
    {
        public List<float[]> Last { get; } = [];

        public List<float[]> Scores { get; } = [];

        public List<(int[] Experts, float[] Weights)> Choices { get; } = [];

        public void OnEmbedded(IActivation x, int tokens) => Last.Add(Row(x, tokens - 1));

        public void OnRouted(int layer, IActivation scores, IRoutedRows routed)
        {
            for (int token = 0; token < routed.Tokens; token++)
            {
                Scores.Add(Row(scores, token));
                Choices.Add((routed.ExpertsOf(token).ToArray(), routed.WeightsOf(token).ToArray()));
            }
        }

        public void OnLayerFinished(int layer, IActivation x, int tokens) => Last.Add(Row(x, tokens - 1));

        private static float[] Row(IActivation rows, int row)
        {
            float[] values = new float[rows.Columns];
            rows.CopyOut(row, 1, MemoryMarshal.AsBytes(values.AsSpan()));
            return values;
        }
    }
}
