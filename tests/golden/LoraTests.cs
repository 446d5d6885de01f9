using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Adapters;
using HunyuanOrleans.Model.Parts;
using HunyuanOrleans.Model.Quantization;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Golden.Tests;

/// <summary>
/// Models with LoRA adapters give the results of the published code, and adapters change no bit of rows that have another adapter or none.
/// </summary>
public sealed class LoraTests
{
    public static TheoryData<string, InstructionSet> Cases
    {
        get
        {
            TheoryData<string, InstructionSet> data = [];
            foreach (InstructionSet isa in FloatKernels.Sets)
            {
                foreach (string name in GoldenAdapter.Names)
                {
                    data.Add(name, isa);
                }
            }

            return data;
        }
    }

    public static TheoryData<string, ComputeMode, QuantFormat> Forms => new()
    {
        { "tiny-cla", ComputeMode.F32, QuantFormat.None },
        { "tiny-cla", ComputeMode.Bf16, QuantFormat.None },
        { "tiny-cla", ComputeMode.Bf16, QuantFormat.Int8All },
        { "tiny-cla", ComputeMode.Bf16, QuantFormat.Int4 },
        { "tiny-cla", ComputeMode.Bf16, QuantFormat.Fp8 },
        { "tiny-dense", ComputeMode.F32, QuantFormat.None },
        { "tiny-dense", ComputeMode.Bf16, QuantFormat.None },
        { "tiny-dense", ComputeMode.Bf16, QuantFormat.Int8All },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Logits_experts_and_greedy_tokens_are_those_of_the_published_code(string name, InstructionSet isa)
    {
        GoldenAdapter golden = GoldenAdapter.Load(name);
        using ModelRunner model = Session.Load(golden.ModelFolder, ComputeMode.F32, isa: isa);
        using LoraAdapter adapter = model.LoadAdapter(golden.Folder);
        foreach (GoldenPrompt prompt in golden.Prompts)
        {
            ExpertRecorder recorder = new();
            model.Observer = recorder;
            Session session = new(model, adapter: adapter);
            float[][] logits = session.Append(prompt.Ids);
            PublishedNumbersTests.AssertRows(prompt.Array("logits").Values, prompt.LogitPositions.Select(p => logits[p]), PublishedNumbersTests.F32Tolerance);
            for (int i = 0; prompt.HasExperts && i < recorder.Experts.Count; i++)
            {
                Assert.Equal(prompt.Experts(i / prompt.Ids.Length, i % prompt.Ids.Length).Order(), recorder.Experts[i]);
            }

            model.Observer = null;
            List<float[]> rows = [logits[^1]];
            List<int> ids = [PublishedNumbersTests.ArgMax(rows[^1])];
            while (ids.Count < prompt.GreedyIds.Length)
            {
                rows.Add(session.Append([ids[^1]])[0]);
                ids.Add(PublishedNumbersTests.ArgMax(rows[^1]));
            }

            Assert.Equal(prompt.GreedyIds, ids);
            if (prompt.HasArray("greedy_logits"))
            {
                PublishedNumbersTests.AssertRows(prompt.Array("greedy_logits").Values, rows, PublishedNumbersTests.F32Tolerance);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Rows_keep_their_bits_beside_rows_with_other_adapters_or_none(string name, ComputeMode mode, QuantFormat quant)
    {
        GoldenCase golden = GoldenCase.Load(name);
        using ModelRunner model = Session.Load(golden.ModelFolder, mode, threads: 2, quant: quant);
        using LoraAdapter all = model.LoadAdapter(GoldenAdapter.FolderOf($"{name}-all-rslora"));
        using LoraAdapter qkvo = model.LoadAdapter(GoldenAdapter.FolderOf($"{name}-qkvo"));
        LoraAdapter?[] adapters = [all, null, qkvo, qkvo, null, all, all, null];
        int[][] prompts = [.. Enumerable.Range(0, 8).Select(i => golden.Prompts[i % 4].Ids.Append((i * 31) + 1).ToArray())];
        const int Steps = 4;
        List<float[]>[] alone = [.. prompts.Select((ids, i) => Alone(model, ids, i, Steps, adapters[i]))];
        Session[] sessions = [.. prompts.Select((_, i) => new Session(model, i * 4))];
        AdapterRows rows = new();
        int[][] next = prompts;
        for (int step = 0; step <= Steps; step++)
        {
            AttentionBatch batch = model.CreateBatch();
            rows.Clear();
            int[] last = new int[8];
            for (int i = 0; i < 8; i++)
            {
                batch.Add(sessions[i].Slice(batch.Rows, next[i].Length));
                rows.Add(adapters[i], next[i].Length);
                last[i] = batch.Rows - 1;
            }

            StepLogits logits = model.Forward([.. next.SelectMany(n => n)], batch, last, 8, rows);
            for (int i = 0; i < 8; i++)
            {
                SameBitsTests.AssertSame([alone[i][step]], [logits.Row(i).ToArray()], $"sequence {i}, step {step}");
                sessions[i].Advance(next[i].Length);
                next[i] = [(i + step) % 500];
            }
        }
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Chunks_and_threads_change_no_bit(string name, ComputeMode mode, QuantFormat quant)
    {
        GoldenAdapter golden = GoldenAdapter.Load($"{name}-all-rslora");
        using ModelRunner one = Session.Load(golden.ModelFolder, mode, threads: 1, quant: quant);
        using ModelRunner three = Session.Load(golden.ModelFolder, mode, threads: 3, quant: quant);
        using LoraAdapter first = one.LoadAdapter(golden.Folder);
        using LoraAdapter second = three.LoadAdapter(golden.Folder);
        foreach (GoldenPrompt prompt in golden.Prompts)
        {
            float[][] whole = new Session(one, adapter: first).Append(prompt.Ids);
            SameBitsTests.AssertSame(whole, new Session(three, 5, second).Append(prompt.Ids), "3 threads");
            SameBitsTests.AssertSame(whole, new Session(one, 3, first).Append(prompt.Ids, 5), "chunks of 5");
        }
    }

    /// <summary>An adapter that was ignored would leave the whole difference between the adapted and the bare model.</summary>
    [Theory]
    [MemberData(nameof(Forms))]
    public void Adapters_act_over_every_form_of_the_base_model(string name, ComputeMode mode, QuantFormat quant)
    {
        GoldenAdapter golden = GoldenAdapter.Load($"{name}-qkvo");
        using ModelRunner model = Session.Load(golden.ModelFolder, mode, quant: quant);
        using LoraAdapter adapter = model.LoadAdapter(golden.Folder);
        GoldenPrompt prompt = golden.Prompts.Single(static prompt => prompt.Ids.Length == 33);
        double with = Distance(prompt, new Session(model, adapter: adapter).Append(prompt.Ids));
        double without = Distance(prompt, new Session(model).Append(prompt.Ids));
        Assert.True(with < without / 2, $"The mean difference to the published logits is {with} with the adapter and {without} without.");
    }

    [Fact]
    public void Steps_with_adapters_allocate_nothing()
    {
        GoldenAdapter golden = GoldenAdapter.Load("tiny-cla-all-rslora");
        using ModelRunner model = Session.Load(golden.ModelFolder, ComputeMode.Bf16);
        using LoraAdapter adapter = model.LoadAdapter(golden.Folder);
        int[] blocks = [.. Enumerable.Range(0, model.Cache.Blocks)];
        AttentionBatch batch = model.CreateBatch();
        AdapterRows rows = new();
        int[] logitRows = [0];
        long before = 0;
        for (int step = 0; step < 12; step++)
        {
            if (step == 4)
            {
                before = GC.GetAllocatedBytesForCurrentThread();
            }

            batch.Clear();
            batch.Add(new AttentionSlice(0, 1, step, blocks));
            rows.Clear();
            rows.Add(adapter, 1);
            model.Forward([step + 1], batch, logitRows, 1, rows);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static double Distance(GoldenPrompt prompt, float[][] logits)
    {
        float[] expected = prompt.Array("logits").Values;
        float[] actual = [.. prompt.LogitPositions.SelectMany(position => logits[position])];
        return expected.Zip(actual, static (a, b) => Math.Abs((double)a - b)).Average();
    }

    private static List<float[]> Alone(ModelRunner model, int[] ids, int index, int steps, LoraAdapter? adapter)
    {
        Session session = new(model, index * 4, adapter);
        List<float[]> rows = [session.Append(ids)[^1]];
        for (int step = 0; step < steps; step++)
        {
            rows.Add(session.Append([(index + step) % 500])[0]);
        }

        return rows;
    }

    private sealed class ExpertRecorder : IForwardObserver
    {
        public List<int[]> Experts { get; } = [];

        public void OnEmbedded(IActivation x, int tokens)
        {
        }

        public void OnRouted(int layer, IActivation scores, IRoutedRows routed)
        {
            for (int token = 0; token < routed.Tokens; token++)
            {
                Experts.Add(routed.ExpertsOf(token).ToArray());
            }
        }

        public void OnLayerFinished(int layer, IActivation x, int tokens)
        {
        }
    }
}
