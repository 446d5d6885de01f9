using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Parts;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Model.Tests.Parts;

/// <summary>A model whose pieces are on several devices gives the same bits as the whole model.</summary>
public sealed class MultiDeviceModelTests
{
    public static TheoryData<string, ComputeMode, InstructionSet> Cases
    {
        get
        {
            TheoryData<string, ComputeMode, InstructionSet> data = [];
            foreach (string name in GoldenCase.Names)
            {
                foreach (ComputeMode mode in Enum.GetValues<ComputeMode>())
                {
                    // Two of the models run with all instruction sets, the others only with the best one.
                    foreach (InstructionSet isa in FloatKernels.Sets)
                    {
                        if (isa == InstructionSets.Best || name is GoldenModels.Cla or GoldenModels.TopFour)
                        {
                            data.Add(name, mode, isa);
                        }
                    }
                }
            }

            return data;
        }
    }

    public static TheoryData<string, ComputeMode> Models
    {
        get
        {
            TheoryData<string, ComputeMode> data = [];
            foreach (string name in GoldenCase.Names)
            {
                foreach (ComputeMode mode in Enum.GetValues<ComputeMode>())
                {
                    data.Add(name, mode);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void PiecesGiveTheSameBitsAsTheWholeModel(string name, ComputeMode mode, InstructionSet isa)
    {
        using ModelRunner whole = Whole(name, mode, isa);
        ModelConfig config = whole.Config;
        (int Devices, Func<ModelPiece, int> Place)[] cuts =
        [
            (1, _ => 0),
            (2, piece => piece.Kind == PieceKind.Expert ? piece.Expert * 2 / config.Experts : piece.Layer * 2 / config.Layers),
            (3, piece => ((piece.Layer / config.ClaFactor) + (piece.Expert / 2)) % 3),
            (3, piece => piece.Kind == PieceKind.Attention ? 0 : piece.Kind == PieceKind.Expert ? 1 + (piece.Expert % 2) : (int)piece.Kind),
        ];
        int[][] prompts = GoldenModels.Prompts(name);
        foreach ((int devices, Func<ModelPiece, int> place) in cuts)
        {
            using MultiDeviceModel pieces = new(TestPaths.Model(name), mode, isa, devices, place);
            foreach (int[] prompt in prompts)
            {
                float[][] expected = Logits(whole, prompt);
                pieces.Length = 0;
                int half = prompt.Length / 2;
                int decoded = Math.Max(half, prompt.Length - 5);
                List<float[]> rows = [];
                foreach ((int from, int to) in new[] { (0, half), (half, decoded) }.Concat(Enumerable.Range(decoded, prompt.Length - decoded).Select(i => (i, i + 1))))
                {
                    if (from < to)
                    {
                        rows.AddRange(pieces.Append(prompt.AsSpan(from, to - from)));
                    }
                }

                Compare(expected, rows, $"{devices} devices, {prompt.Length} tokens");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void MovingPiecesDuringASequenceChangesNoBit(string name, ComputeMode mode)
    {
        using ModelRunner whole = Whole(name, mode, null);
        ModelConfig config = whole.Config;
        int[] prompt = GoldenModels.Prompts(name)[^1];
        float[][] expected = Logits(whole, prompt);
        using MultiDeviceModel pieces = new(TestPaths.Model(name), mode, null, 2, piece => piece.Expert % 2);
        List<float[]> rows = [];
        ModelPiece[] all = [.. ModelPiece.All(config)];
        for (int at = 0, next = 0; at < prompt.Length; at += 5)
        {
            rows.AddRange(pieces.Append(prompt.AsSpan(at, Math.Min(5, prompt.Length - at))));
            for (int i = 0; i < 4; i++, next++)
            {
                ModelPiece piece = all[next % all.Length];
                int from = pieces.Device(0).Holds(piece) ? 0 : 1;
                pieces.Move(piece, from, 1 - from);
            }

            Assert.Equal(whole.WeightBytes, pieces.Device(0).WeightBytes + pieces.Device(1).WeightBytes);
            Assert.Equal(config.KvGroups * pieces.Device(0).Cache.GroupBytes, pieces.Device(0).Cache.TotalBytes + pieces.Device(1).Cache.TotalBytes);
        }

        Compare(expected, rows, "moving pieces");
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void ReinstallingPiecesDuringASequenceChangesNoBit(string name, ComputeMode mode)
    {
        using ModelRunner whole = Whole(name, mode, null);
        int[] prompt = GoldenModels.Prompts(name)[^1];
        float[][] expected = Logits(whole, prompt);
        using MultiDeviceModel pieces = new(TestPaths.Model(name), mode, null, 1, _ => 0);
        ModelDevice device = pieces.Device(0);
        List<float[]> rows = [.. pieces.Append(prompt.AsSpan(0, 50))];
        int[] others = [5, 7, 4, 6];
        foreach (ModelPiece piece in ModelPiece.All(device.Config))
        {
            bool attention = piece.Kind == PieceKind.Attention;
            int group = piece.Layer / device.Config.ClaFactor;
            byte[] bytes = new byte[attention ? pieces.Blocks.Length * device.Cache.BlockBytes : 0];
            if (attention)
            {
                device.Cache.CopyOut(group, pieces.Blocks, bytes);
            }

            Assert.True(device.Remove(piece));
            pieces.Add(piece, 0);
            if (attention)
            {
                device.Cache.CopyIn(group, others, bytes);
            }
        }

        pieces.Blocks = others;
        rows.AddRange(pieces.Append(prompt.AsSpan(50)));
        Compare(expected, rows, "pieces that came back");
    }

    private static ModelRunner Whole(string name, ComputeMode mode, InstructionSet? isa) => ModelRunner.Load(TestPaths.Model(name), new ModelOptions
    {
        Mode = mode, Isa = isa, Threads = 1, PinThreads = false, KvTokens = 128, MaxBatchTokens = MultiDeviceModel.MaxRows, MaxLogitRows = MultiDeviceModel.MaxRows,
    });

    private static float[][] Logits(ModelRunner whole, int[] prompt)
    {
        AttentionBatch batch = whole.CreateBatch();
        batch.Add(new AttentionSlice(0, prompt.Length, 0, new[] { 0, 1, 2, 3 }));
        StepLogits logits = whole.Forward(prompt, batch, [.. Enumerable.Range(0, prompt.Length)], prompt.Length);
        return [.. Enumerable.Range(0, prompt.Length).Select(row => logits.Row(row).ToArray())];
    }

    private static void Compare(float[][] expected, List<float[]> rows, string what)
    {
        Assert.Equal(expected.Length, rows.Count);
        for (int row = 0; row < rows.Count; row++)
        {
            GoldenModels.AssertSameBits(expected[row], rows[row], $"{what}, token {row}");
        }
    }
}
