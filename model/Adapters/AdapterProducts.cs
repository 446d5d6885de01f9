using System.Collections.Concurrent;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Kernels.LowRank;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Products;
using HunyuanOrleans.Kernels.Threading;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Adapters;

/// <summary>
/// Adds the adapters of a step's rows to the products of the base model, on a CPU: y += scale * B (A x), row by row. Where the base model applies SwiGLU or
/// rounds within its product, its sums go to float32 rows first, and are finished with the same operations after the adapters were added, so that rows
/// without an adapter keep their bits. Not thread-safe, except for <see cref="Reserve"/>.
/// </summary>
internal sealed class AdapterProducts(ModelConfig config, WorkerPool pool, ElementType type, int maxRows, int maxExpertRows) : IDisposable
{
    private const int Block = 64;

    private enum SumsOf
    {
        Mlp,
        Experts,
        ExpertOutputs,
    }

    private readonly LowRankProducts _products = new(pool);
    private readonly ProductFinisher _finisher = new(pool);
    // Sums of shared and routed experts exist at the same time, so they never share a buffer.
    private readonly ConcurrentDictionary<(SumsOf Part, int Columns), Activation> _sums = new();

    /// <summary>Reserves the scratch memory that an adapter needs. Any thread may call it.</summary>
    public void Reserve(LoraAdapter adapter)
    {
        for (int layer = 0; layer < config.Layers; layer++)
        {
            int shared = config.IsMoeLayer(layer) ? config.SharedIntermediateSize(layer) : config.IntermediateSize(layer);
            if (Adapts(adapter, layer))
            {
                Sums(SumsOf.Mlp, UpColumns(shared));
            }

            if (AdaptsExperts(adapter, layer))
            {
                Sums(SumsOf.Experts, UpColumns(config.IntermediateSize(layer)));
            }

            if (adapter.AdaptsExperts(layer, AdaptedProjection.Down) && type != ElementType.F32)
            {
                Sums(SumsOf.ExpertOutputs, config.HiddenSize);
            }
        }
    }

    /// <summary>Adds to the projections of queries, keys and values.</summary>
    public void Project(AdapterRows rows, int layer, IActivation normed, IActivation projected)
    {
        foreach (ref readonly AdapterRun run in rows.Runs)
        {
            Add(run, run.Adapter.Find(layer, AdaptedProjection.Query), normed, projected, 0);
            Add(run, run.Adapter.Find(layer, AdaptedProjection.Key), normed, projected, config.QuerySize);
            Add(run, run.Adapter.Find(layer, AdaptedProjection.Value), normed, projected, config.QuerySize + config.KvSize);
        }

        _products.Run();
    }

    /// <summary>Adds to the projection of a layer's attention, or to the down projection of its plain or shared MLP, in the residual stream.</summary>
    public void AddToStream(AdapterRows rows, int layer, AdaptedProjection projection, IActivation x, IActivation stream)
    {
        foreach (ref readonly AdapterRun run in rows.Runs)
        {
            Add(run, run.Adapter.Find(layer, projection), x, stream, 0);
        }

        _products.Run();
    }

    /// <summary>Rows for the sums of gate and up of the plain or shared MLP; null if no row adapts them.</summary>
    public Activation? UpSums(AdapterRows rows, int layer, int width)
    {
        foreach (ref readonly AdapterRun run in rows.Runs)
        {
            if (Adapts(run.Adapter, layer))
            {
                return Sums(SumsOf.Mlp, UpColumns(width));
            }
        }

        return null;
    }

    /// <summary>Adds to the sums of gate and up, and applies SwiGLU to all rows.</summary>
    public void FinishUp(AdapterRows rows, int layer, IActivation normed, Activation sums, IActivation hidden)
    {
        foreach (ref readonly AdapterRun run in rows.Runs)
        {
            Add(run, run.Adapter.Find(layer, AdaptedProjection.Gate), normed, sums, 0, 2 * Block);
            Add(run, run.Adapter.Find(layer, AdaptedProjection.Up), normed, sums, Block, 2 * Block);
        }

        _products.Run();
        _finisher.Run(sums, 0, rows.Rows, Epilogue.SwiGlu, (Activation)hidden);
    }

    /// <summary>Rows for the sums of gate and up of routed experts; null if no row adapts them.</summary>
    public Activation? ExpertUpSums(AdapterRows rows, int layer)
    {
        foreach (ref readonly AdapterRun run in rows.Runs)
        {
            if (AdaptsExperts(run.Adapter, layer))
            {
                return Sums(SumsOf.Experts, UpColumns(config.IntermediateSize(layer)));
            }
        }

        return null;
    }

    /// <summary>Rows for the sums of the down projections of routed experts; null if no row adapts them, or the outputs are float32 anyway.</summary>
    public Activation? ExpertDownSums(AdapterRows rows, int layer)
    {
        foreach (ref readonly AdapterRun run in rows.Runs)
        {
            if (type != ElementType.F32 && run.Adapter.AdaptsExperts(layer, AdaptedProjection.Down))
            {
                return Sums(SumsOf.ExpertOutputs, config.HiddenSize);
            }
        }

        return null;
    }

    /// <summary>Adds to the sums of gate and up of the local experts, and applies SwiGLU to their rows.</summary>
    public void FinishExpertsUp(ExpertCall call, IActivation x, Activation sums, IActivation hidden)
    {
        AddExperts(in call, AdaptedProjection.Gate, x, sums, 0, 2 * Block);
        AddExperts(in call, AdaptedProjection.Up, x, sums, Block, 2 * Block);
        _products.Run();
        FinishLocal(in call, sums, Epilogue.SwiGlu, (Activation)hidden);
    }

    /// <summary>Adds to the outputs of the local experts.</summary>
    /// <param name="call">The experts.</param>
    /// <param name="hidden">Their intermediate rows.</param>
    /// <param name="sums">The rows of <see cref="ExpertDownSums"/>; null if the sums are in <paramref name="output"/>.</param>
    /// <param name="output">Receives the outputs.</param>
    public void FinishExpertsDown(ExpertCall call, IActivation hidden, Activation? sums, IActivation output)
    {
        if (sums is null && type != ElementType.F32)
        {
            return;
        }

        AddExperts(in call, AdaptedProjection.Down, hidden, sums ?? output, 0, Block);
        _products.Run();
        if (sums is not null)
        {
            FinishLocal(in call, sums, Epilogue.Store, (Activation)output);
        }
    }

    /// <summary>Frees the scratch memory.</summary>
    public void Dispose()
    {
        _products.Dispose();
        foreach (Activation sums in _sums.Values)
        {
            sums.Dispose();
        }
    }

    private static int UpColumns(int width) => (width + Block - 1) / Block * Block * 2;

    private static bool Adapts(LoraAdapter adapter, int layer) =>
        adapter.Find(layer, AdaptedProjection.Gate) is not null || adapter.Find(layer, AdaptedProjection.Up) is not null;

    private static bool AdaptsExperts(LoraAdapter adapter, int layer) =>
        adapter.AdaptsExperts(layer, AdaptedProjection.Gate) || adapter.AdaptsExperts(layer, AdaptedProjection.Up);

    private Activation Sums(SumsOf part, int columns) => _sums.TryGetValue((part, columns), out Activation? sums) ? sums : Allocate(part, columns);

    private Activation Allocate(SumsOf part, int columns)
    {
        lock (_sums)
        {
            if (!_sums.TryGetValue((part, columns), out Activation? sums))
            {
                _sums[(part, columns)] = sums = new Activation(part == SumsOf.Mlp ? maxRows : maxExpertRows, columns, ElementType.F32);
            }

            return sums;
        }
    }

    private void Add(in AdapterRun run, LowRankMatrix? matrix, IActivation x, IActivation y, int column, int stride = Block)
    {
        if (matrix is not null)
        {
            _products.Add(matrix, (Activation)x, run.First, run.Count, (Activation)y, column, stride);
        }
    }

    private void AddExperts(in ExpertCall call, AdaptedProjection projection, IActivation x, IActivation y, int column, int stride)
    {
        int row = 0;
        for (int i = 0; i < call.Counts.Length; row += call.Counts[i++])
        {
            if (!call.IsLocal(i))
            {
                continue;
            }

            int end = row + call.Counts[i];
            for (int first = row, next; first < end; first = next)
            {
                LoraAdapter? adapter = call.Adapters[first];
                for (next = first + 1; next < end && call.Adapters[next] == adapter; next++)
                {
                }

                if (adapter?.FindExpert(call.Layer, call.FirstExpert + i, projection) is { } matrix)
                {
                    _products.Add(matrix, (Activation)x, first, next - first, (Activation)y, column, stride);
                }
            }
        }
    }

    // Rows of other experts may already hold what other devices have computed.
    private void FinishLocal(in ExpertCall call, Activation sums, Epilogue epilogue, Activation y)
    {
        int first = 0, row = 0;
        for (int i = 0; i < call.Counts.Length; i++)
        {
            if (!call.IsLocal(i))
            {
                _finisher.Run(sums, first, row - first, epilogue, y);
                first = row + call.Counts[i];
            }

            row += call.Counts[i];
        }

        _finisher.Run(sums, first, row - first, epilogue, y);
    }
}
