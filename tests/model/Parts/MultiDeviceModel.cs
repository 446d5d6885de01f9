using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Threading;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Parts;

namespace HunyuanOrleans.Model.Tests.Parts;

/// <summary>
/// Runs a model on several devices as in a cluster: each device holds some of the pieces, and rows are copied between devices. The device
/// of a layer computes the experts that it holds itself; rows of other experts are sent to their devices.
/// </summary>
internal sealed class MultiDeviceModel : IDisposable
{
    public const int MaxRows = 128;
    private readonly List<IDisposable> _owned = [];
    private readonly List<Node> _nodes = [];
    private readonly WorkerPool _loading = new(1, pin: false);
    private readonly ModelConfig _config;
    private readonly StepLogits _logits;
    private readonly AttentionBatch _batch;

    /// <summary>Opens the devices, device i with i % 3 + 1 threads, and installs every piece on its device.</summary>
    /// <param name="folder">Model folder.</param>
    /// <param name="mode">Precision.</param>
    /// <param name="isa">Instruction set; null: the best one.</param>
    /// <param name="devices">Number of devices.</param>
    /// <param name="place">Returns the device of a piece.</param>
    public MultiDeviceModel(string folder, ComputeMode mode, InstructionSet? isa, int devices, Func<ModelPiece, int> place)
    {
        for (int i = 0; i < devices; i++)
        {
            ModelDevice device = Own(ModelDevice.Open(folder, new ModelOptions
            {
                Mode = mode, Isa = isa, Threads = 1 + (i % 3), PinThreads = false, KvTokens = 256, MaxBatchTokens = MaxRows, MaxLogitRows = MaxRows,
            }));
            _nodes.Add(new Node(device, Own(device.CreateStage()), device.Config.HasExperts ? Own(device.CreateExpertRunner()) : null));
        }

        _config = _nodes[0].Device.Config;
        _batch = _nodes[0].Device.CreateBatch();
        _logits = Own(new StepLogits(MaxRows, _config.VocabSize));
        foreach (ModelPiece piece in ModelPiece.All(_config))
        {
            Add(piece, place(piece));
        }
    }

    /// <summary>KV blocks of the sequence.</summary>
    public int[] Blocks { get; set; } = [3, 0, 2, 1];

    /// <summary>Tokens of the sequence so far.</summary>
    public int Length { get; set; }

    public ModelConfig Config => _config;

    public ModelDevice Device(int index) => _nodes[index].Device;

    public void Add(ModelPiece piece, int device) =>
        Assert(Device(device).Install(Device(device).Prepare(piece, _loading)), $"{piece} was there before.");

    /// <summary>Moves a piece to another device, with the sequence's keys and values.</summary>
    public void Move(ModelPiece piece, int from, int to)
    {
        Add(piece, to);
        if (piece.Kind == PieceKind.Attention)
        {
            int group = piece.Layer / _config.ClaFactor;
            byte[] bytes = new byte[Blocks.Length * Device(from).Cache.BlockBytes];
            Device(from).Cache.CopyOut(group, Blocks, bytes);
            Device(to).Cache.CopyIn(group, Blocks, bytes);
        }

        Assert(Device(from).Remove(piece), $"{piece} was not there.");
    }

    /// <summary>Appends tokens and returns the logits of all of them.</summary>
    public float[][] Append(ReadOnlySpan<int> ids)
    {
        _batch.Clear();
        _batch.Add(new AttentionSlice(0, ids.Length, Length, Blocks));
        Length += ids.Length;
        Node node = Holder(ModelPiece.Embedding);
        node.Stage.Begin(_batch);
        node.Stage.Embed(ids);
        for (int layer = 0; layer < _config.Layers; layer++)
        {
            Node next = Holder(ModelPiece.AttentionOf(_config, layer));
            node = Pass(node, next, ids.Length);
            node.Stage.Attend(layer);
            FeedForward(node, layer);
        }

        node = Pass(node, Holder(ModelPiece.Head), ids.Length);
        node.Stage.Logits([.. Enumerable.Range(0, ids.Length)], ids.Length, _logits);
        return [.. Enumerable.Range(0, ids.Length).Select(row => _logits.Row(row).ToArray())];
    }

    public void Dispose()
    {
        for (int i = _owned.Count - 1; i >= 0; i--)
        {
            _owned[i].Dispose();
        }

        _loading.Dispose();
    }

    private static void Assert(bool condition, string what) => Xunit.Assert.True(condition, what);

    private Node Pass(Node from, Node to, int rows)
    {
        if (from != to)
        {
            byte[] message = new byte[rows * _config.HiddenSize * sizeof(float)];
            from.Stage.HiddenStates.CopyOut(0, rows, message);
            to.Stage.Begin(_batch);
            to.Stage.HiddenStates.CopyIn(0, rows, message);
        }

        return to;
    }

    // Sends one message for each range of consecutive experts on another device. Local experts are computed last, with the shared expert.
    private void FeedForward(Node node, int layer)
    {
        StageRunner stage = node.Stage;
        bool[] local = new bool[_config.IsMoeLayer(layer) ? _config.Experts : 0];
        int row = 0;
        for (int expert = 0; expert < local.Length;)
        {
            Node holder = Holder(ModelPiece.OfExpert(layer, expert));
            int first = expert;
            int rows = 0;
            for (; expert < local.Length && Holder(ModelPiece.OfExpert(layer, expert)) == holder; expert++)
            {
                local[expert] = holder == node;
                rows += stage.Routed.Counts[expert];
            }

            if (holder != node)
            {
                byte[] message = new byte[rows * stage.ExpertInput!.RowLength];
                stage.ExpertInput.CopyOut(row, rows, message);
                holder.Experts!.Input.CopyIn(0, rows, message);
                holder.Experts.Run(layer, first, stage.Routed.Counts[first..expert]);
                holder.Experts.Output.CopyOut(0, rows, message);
                stage.ExpertOutput!.CopyIn(row, rows, message);
            }

            row += rows;
        }

        stage.FeedForward(layer, local);
        stage.Combine(layer);
    }

    private Node Holder(ModelPiece piece) => _nodes.First(n => n.Device.Holds(piece));

    private T Own<T>(T part)
        where T : IDisposable
    {
        _owned.Add(part);
        return part;
    }

    private sealed record Node(ModelDevice Device, StageRunner Stage, ExpertRunner? Experts);
}
