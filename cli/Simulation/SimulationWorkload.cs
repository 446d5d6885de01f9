using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Devices;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Parts;
using HunyuanOrleans.Model.Simulation;

namespace HunyuanOrleans.Cli.Simulation;

/// <summary>The prompts of a simulation, and the answers of a single simulated device that holds the whole model and takes no time.</summary>
internal sealed class SimulationWorkload
{
    private const int Seed = 1;

    private SimulationWorkload(int[][] prompts, int[][] answers) => (Prompts, Answers) = (prompts, answers);

    /// <summary>The prompt of each stream.</summary>
    public IReadOnlyList<int[]> Prompts { get; }

    /// <summary>The tokens that each stream must receive.</summary>
    public IReadOnlyList<int[]> Answers { get; }

    /// <summary>Creates the prompts and computes the answers.</summary>
    public static async Task<SimulationWorkload> CreateAsync(SimulationPlan plan, CancellationToken cancellationToken)
    {
        Random random = new(Seed);
        int[][] prompts = [.. Enumerable.Range(0, plan.Streams.Max()).Select(_ => Enumerable.Range(0, plan.Prompt).Select(_ => random.Next(plan.Config.VocabSize)).ToArray())];
        ModelOptions options = plan.Options with { KvTokens = plan.Prompt + plan.Answer, MaxLogitRows = 1 };
        using SimulatedDevice device = SimulatedDevice.Open(plan.Folder, options, new SimulationOptions
        {
            Hardware = new SimulatedHardware(
                long.MaxValue, double.PositiveInfinity, double.PositiveInfinity, double.PositiveInfinity, double.PositiveInfinity, double.PositiveInfinity),
            ExpertSkew = plan.ExpertSkew,
        });
        foreach (ModelPiece piece in ModelPiece.All(plan.Config))
        {
            (await device.PrepareAsync(piece, cancellationToken)).Install();
        }

        using IStageRunner stage = device.CreateStage();
        using StepLogits logits = new(1, plan.Config.VocabSize);
        int[][] answers = new int[prompts.Length][];
        for (int i = 0; i < prompts.Length; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            answers[i] = Answer(device, stage, logits, prompts[i], plan.Answer);
        }

        return new SimulationWorkload(prompts, answers);
    }

    private static int[] Answer(SimulatedDevice device, IStageRunner stage, StepLogits logits, int[] prompt, int count)
    {
        int[] blocks = [.. Enumerable.Range(0, (prompt.Length + count + KvBlocks.Positions - 1) / KvBlocks.Positions)];
        int[] answer = new int[count];
        for (int start = 0; start < prompt.Length; start += device.Options.MaxBatchTokens)
        {
            int rows = Math.Min(device.Options.MaxBatchTokens, prompt.Length - start);
            answer[0] = Step(device, stage, logits, blocks, prompt.AsSpan(start, rows), start);
        }

        for (int i = 1; i < count; i++)
        {
            answer[i] = Step(device, stage, logits, blocks, answer.AsSpan(i - 1, 1), prompt.Length + i - 1);
        }

        return answer;
    }

    private static int Step(SimulatedDevice device, IStageRunner stage, StepLogits logits, int[] blocks, ReadOnlySpan<int> tokens, int start)
    {
        AttentionBatch batch = new(device.Config.Heads, device.Config.KvHeads);
        batch.Add(new AttentionSlice(0, tokens.Length, start, blocks));
        bool[] local = new bool[device.Config.Experts];
        Array.Fill(local, true);
        stage.Begin(batch);
        stage.Embed(tokens);
        for (int layer = 0; layer < device.Config.Layers; layer++)
        {
            stage.Attend(layer);
            stage.FeedForward(layer, local);
            stage.Combine(layer);
        }

        stage.Logits([tokens.Length - 1], 1, logits);
        ReadOnlySpan<float> row = logits.Row(0);
        int best = 0;
        for (int token = 1; token < row.Length; token++)
        {
            best = row[token] > row[best] ? token : best;
        }

        return best;
    }
}
