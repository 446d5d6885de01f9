using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Panels;
using HunyuanOrleans.Kernels.Threading;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Parts;

namespace HunyuanOrleans.Model.Tests.Parts;

/// <summary>
/// A model as a cluster would hold it: every slice of layers and of experts is an object with workers, checkpoint and packed weights of
/// its own, and knows nothing of the others. Slice i has i + 1 threads.
/// </summary>
internal sealed class SlicedModel : IDisposable
{
    private const int MaxRows = 128;
    private const int MaxLogits = 128;
    private readonly List<IDisposable> _owned = [];
    private readonly List<LayerSlice> _slices = [];
    private readonly ModelConfig _config;
    private readonly OutputHead _head;
    private readonly Activation _logits;
    private readonly int[] _blocks;
    private int _length;

    public SlicedModel(string folder, ComputeMode mode, InstructionSet isa, int layersPerSlice, int expertsPerSlice)
    {
        _config = ModelConfig.Load(folder);
        int number = 0;
        for (int layer = 0; layer < _config.Layers; layer += layersPerSlice)
        {
            LayerSlice slice = new(new Activation(MaxRows, _config.HiddenSize, ElementType.F32));
            _owned.Add(slice.X);
            Plan(folder, mode, isa, number++, (weights, plan, context) =>
            {
                slice.Attention = Own(new AttentionShard(weights, layer, layersPerSlice, kvBlocks: 4 + number, plan, context));
            });
            Plan(folder, mode, isa, number++, (weights, plan, context) =>
            {
                slice.Router = Own(new Router(weights, layer, layersPerSlice, plan, context));
            });
            for (int expert = 0; expert < _config.Experts; expert += expertsPerSlice)
            {
                int count = Math.Min(expertsPerSlice, _config.Experts - expert);
                Plan(folder, mode, isa, number++, (weights, plan, context) =>
                {
                    slice.Experts.Add(Own(new ExpertGroup(weights, layer, layersPerSlice, expert, count, plan, context)));
                });
            }

            _slices.Add(slice);
        }

        OutputHead? head = null;
        Plan(folder, mode, isa, 1, (weights, plan, context) => head = Own(new OutputHead(weights, MaxLogits, plan, context)));
        _head = head!;
        _logits = Own(new Activation(MaxLogits, _config.VocabSize, ElementType.F32));
        int sent = MaxRows * Enumerable.Range(0, _config.Layers).Max(_config.TopK);
        Mode = mode;
        Sent = Own(new Activation(sent, _config.HiddenSize, mode.Element()));
        Received = Own(new Activation(sent, _config.HiddenSize, mode.Element()));
        _blocks = [3, 0, 2, 1];
    }

    private ComputeMode Mode { get; }

    private Activation Sent { get; }

    private Activation Received { get; }

    /// <summary>Appends tokens and returns the logits of all of them.</summary>
    public float[][] Append(ReadOnlySpan<int> ids)
    {
        AttentionBatch batch = new(_config.Heads, _config.KvHeads);
        batch.Add(new AttentionSlice(0, ids.Length, _length, _blocks));
        _length += ids.Length;
        _head.Embed(ids, _slices[0].X);
        Activation last = _slices[0].X;
        foreach (LayerSlice slice in _slices)
        {
            Copy(last, slice.X, ids.Length);
            last = slice.X;
            slice.Attention.Begin(batch);
            for (int layer = slice.Attention.FirstLayer; layer < slice.Attention.FirstLayer + slice.Attention.LayerCount; layer++)
            {
                slice.Attention.Forward(layer, batch, last);
                FeedForward(slice, layer, ids.Length);
            }
        }

        _head.Logits(last, [.. Enumerable.Range(0, ids.Length)], ids.Length, _logits);
        return [.. Enumerable.Range(0, ids.Length).Select(row => _logits.Row(row).ToArray())];
    }

    public void Forget() => _length = 0;

    public void Dispose()
    {
        for (int i = _owned.Count - 1; i >= 0; i--)
        {
            _owned[i].Dispose();
        }
    }

    private void FeedForward(LayerSlice slice, int layer, int tokens)
    {
        RoutedRows routed = new(MaxRows, Math.Max(1, _config.TopK(layer)), _config.Experts);
        slice.Router.Route(layer, slice.X, tokens, routed);
        slice.Router.Gather(routed, Sent);

        // Groups answer in any order.
        foreach (ExpertGroup group in Enumerable.Reverse(slice.Experts))
        {
            ReadOnlySpan<int> counts = routed.Counts.Slice(group.FirstExpert, group.Experts);
            int first = Sum(routed.Counts[..group.FirstExpert]);
            int rows = Sum(counts);
            using Activation message = new(Math.Max(1, rows), _config.HiddenSize, Mode.Element());
            using Activation answer = new(Math.Max(1, rows), _config.HiddenSize, Mode.Element());
            for (int row = 0; row < rows; row++)
            {
                Sent.RowBytes(first + row).CopyTo(message.RowBytes(row));
            }

            group.Forward(layer, counts, message, answer);
            for (int row = 0; row < rows; row++)
            {
                answer.RowBytes(row).CopyTo(Received.RowBytes(first + row));
            }
        }

        slice.Router.AddShared(layer, slice.X, tokens);
        slice.Router.Combine(routed, Received, slice.X);
    }

    private void Plan(string folder, ComputeMode mode, InstructionSet isa, int number, Action<Weights, WeightPlan, ComputeContext> make)
    {
        Checkpoint checkpoint = Own(Checkpoint.Open(folder));
        WorkerPool pool = Own(new WorkerPool(1 + (number % 3), pin: false));
        WeightPlan plan = new(mode);
        ComputeContext context = new(pool, PanelKernels.For(isa), mode, MaxRows);
        make(new Weights(_config, checkpoint), plan, context);
        Own(ModelLoader.Pack(plan, pool, context.Kernels, null, CancellationToken.None));
    }

    private T Own<T>(T part)
        where T : IDisposable
    {
        _owned.Add(part);
        return part;
    }

    private static int Sum(ReadOnlySpan<int> counts)
    {
        int sum = 0;
        foreach (int count in counts)
        {
            sum += count;
        }

        return sum;
    }

    private static void Copy(Activation from, Activation to, int rows)
    {
        for (int row = 0; row < rows; row++)
        {
            from.RowBytes(row).CopyTo(to.RowBytes(row));
        }
    }

    private sealed class LayerSlice(Activation x)
    {
        public Activation X { get; } = x;

        public AttentionShard Attention { get; set; } = null!;

        public Router Router { get; set; } = null!;

        public List<ExpertGroup> Experts { get; } = [];
    }
}
