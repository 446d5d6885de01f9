using HunyuanOrleans.Bench.Peers;
using HunyuanOrleans.Bench.Peers.Engines;
using HunyuanOrleans.Bench.Peers.Measuring;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Bench.Tests.Peers;

public sealed class PeerBenchmarkTests
{
    private const int Rounds = 2;

    [Fact]
    public void Every_round_takes_the_same_steps_after_the_same_positions()
    {
        using TempFolder folder = new();
        RandomModel.Write(AgreementCheck.Shape with { Layers = 1 }, folder.File("model"));
        using OwnModel own = OwnModel.Load(folder.File("model"), ComputeMode.Bf16, quant: null, threads: 1, positions: 256);
        RecordingPeer peer = new();
        using PeerBenchmark benchmark = new(own, peer, PeerForm.All[0], Rounds);
        PeerResult[] results = [.. benchmark.Measure([new("long", 1, 40, 4, 2), new("short", 1, 8, 2, 1), new("batch", 2, 8, 1, 1)])];
        Assert.Equal(["long", "short", "batch"], results.Select(static result => result.Case));
        Assert.All(results, static result => Assert.Equal(result.TokensPerSecond / result.PeerTokensPerSecond, result.Ratio));
        string[] longRound = ["at 40", "4", "4"], shortRound = ["at 8", "2"], batchRound = ["at 8", "2"];
        Assert.Equal(
            ["new 1", "40", .. Repeat(longRound), .. Repeat(shortRound), "new 2", "16", .. Repeat(batchRound)],
            peer.Calls);
    }

    [Fact]
    public void The_table_has_speeds_ratio_and_limits()
    {
        StringWriter text = new();
        PeerTable.Write(text, new PeerResult("int8-all", "Q8_0", "decode 1", 52.04, 26.02, 2, 30.4e9, 205e9));
        Assert.Equal($"| int8-all, Q8_0 | decode 1 | 52.0 | 26.0 | 2.00 | 30 | 205 |{Environment.NewLine}", text.ToString());
    }

    [Fact]
    public void Options_choose_forms_and_cases()
    {
        PeerOptions options = PeerOptions.Parse(["--forms", "int8-all,bf16", "--cases", "decode", "--context", "2048"]);
        Assert.Equal(["int8-all", "bf16"], options.Forms.Select(static form => form.Name));
        Assert.Equal(["decode 1", "decode 1 after 2048", "decode 8"], options.Cases.Select(static what => what.Name).Order(StringComparer.Ordinal));
        Assert.Throws<ArgumentException>(() => PeerOptions.Parse(["--forms", "fp8"]));
        Assert.Throws<ArgumentException>(() => PeerOptions.Parse(["--cases", "encode"]));
        Assert.Throws<ArgumentException>(() => PeerOptions.Parse(["--context", "512"]));
    }

    // One round that is not counted comes first.
    private static IEnumerable<string> Repeat(string[] round) => Enumerable.Repeat(round, Rounds + 1).SelectMany(static calls => calls);

    private sealed class RecordingPeer : IPeerModel
    {
        public List<string> Calls { get; } = [];

        public IPeerContext CreateContext(int sequences, int positions)
        {
            Calls.Add($"new {sequences}");
            return new RecordingContext(Calls, sequences);
        }

        public void Run(Action work) => work();

        public void Dispose()
        {
        }
    }

    private sealed class RecordingContext(List<string> calls, int sequences) : IPeerContext
    {
        public int Length { get; private set; }

        public void Truncate(int length)
        {
            calls.Add($"at {length}");
            Length = length;
        }

        public void Step(ReadOnlySpan<int> tokens)
        {
            calls.Add($"{tokens.Length}");
            Length += tokens.Length / sequences;
        }

        public ReadOnlySpan<float> Logits(int sequence) => throw new NotSupportedException();

        public void Dispose()
        {
        }
    }
}
