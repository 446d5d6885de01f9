using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Kernels.Threading;
using HunyuanOrleans.Model.Parts;
using HunyuanOrleans.Model.Tests.Parts;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Model.Tests.Loading;

/// <summary>Packed copies of single pieces. Each piece has its own file, which several devices may write and read.</summary>
public sealed class PackedPiecesTests
{
    private const string Model = GoldenModels.Cla;
    private static readonly int[] Prompt = GoldenModels.Prompts(Model)[1];

    [Fact]
    public void EveryPieceHasItsOwnFileAndMappedPiecesGiveTheSameBits()
    {
        using var cache = new TempFolder();
        float[] plain = Logits(null, out _);
        float[] first = Logits(cache.Root, out List<string> firstWarnings);
        Dictionary<string, DateTime> written = Files(cache.Root);
        float[] mapped = Logits(cache.Root, out List<string> warnings);
        Assert.Empty(firstWarnings.Concat(warnings));
        GoldenModels.AssertSameBits(plain, first, "packed");
        GoldenModels.AssertSameBits(plain, mapped, "mapped");
        Assert.Equal(written, Files(cache.Root));
        using ModelDevice device = Open(null, _ => { });
        Assert.Equal(
            ModelPiece.All(device.Config).Where(p => p.Kind != PieceKind.Embedding).Select(p => $"{p}.packed").Order(StringComparer.Ordinal),
            written.Keys.Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal));
        string folder = Assert.Single(Directory.GetDirectories(cache.Root));
        Assert.StartsWith($"{Model}-", Path.GetFileName(folder), StringComparison.Ordinal);
    }

    [Fact]
    public void TheCopyOfAnotherPieceIsIgnored()
    {
        using var cache = new TempFolder();
        float[] expected = Logits(cache.Root, out _);
        string folder = Assert.Single(Directory.GetDirectories(cache.Root));
        File.Copy(Path.Combine(folder, "expert-1-0.packed"), Path.Combine(folder, "expert-1-1.packed"), overwrite: true);
        float[] again = Logits(cache.Root, out List<string> warnings);
        Assert.Contains("expert-1-1.packed", Assert.Single(warnings), StringComparison.Ordinal);
        GoldenModels.AssertSameBits(expected, again, "after the mix-up");
    }

    [Fact]
    public void SeveralDevicesCanLoadTheSamePiecesConcurrently()
    {
        using var cache = new TempFolder();
        float[] expected = Logits(null, out _);
        float[][] found = new float[4][];
        Parallel.For(0, found.Length, new ParallelOptions { MaxDegreeOfParallelism = found.Length }, i => found[i] = Logits(cache.Root, out _));
        foreach (float[] logits in found)
        {
            GoldenModels.AssertSameBits(expected, logits, "loaded at once");
        }

        Assert.All(Files(cache.Root).Keys, file => Assert.EndsWith(".packed", file, StringComparison.Ordinal));
        GoldenModels.AssertSameBits(expected, Logits(cache.Root, out List<string> warnings), "mapped");
        Assert.Empty(warnings);
    }

    private static Dictionary<string, DateTime> Files(string folder) =>
        Directory.GetFiles(folder, "*", SearchOption.AllDirectories).ToDictionary(f => f, File.GetLastWriteTimeUtc);

    private static ModelDevice Open(string? cache, Action<string> warn) => ModelDevice.Open(
        TestPaths.Model(Model), LoadedLogits.Options(cache, ComputeMode.Bf16, verify: true) with { OnWarning = warn });

    private static float[] Logits(string? cache, out List<string> warnings)
    {
        List<string> said = warnings = [];
        using WorkerPool loading = new(1, pin: false);
        using ModelDevice device = Open(cache, said.Add);
        foreach (ModelPiece piece in ModelPiece.All(device.Config))
        {
            device.Install(device.Prepare(piece, loading));
        }

        using StageRunner stage = device.CreateStage();
        using StepLogits logits = new(1, device.Config.VocabSize);
        AttentionBatch batch = device.CreateBatch();
        batch.Add(new AttentionSlice(0, Prompt.Length, 0, new[] { 0 }));
        bool[] local = new bool[device.Config.Experts];
        Array.Fill(local, true);
        stage.Begin(batch);
        stage.Embed(Prompt);
        for (int layer = 0; layer < device.Config.Layers; layer++)
        {
            stage.Attend(layer);
            stage.FeedForward(layer, local);
            stage.Combine(layer);
        }

        stage.Logits([Prompt.Length - 1], 1, logits);
        return logits.Row(0).ToArray();
    }
}
