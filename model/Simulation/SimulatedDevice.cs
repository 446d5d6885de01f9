using System.Collections.Concurrent;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Adapters;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Devices;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Parts;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Model.Simulation;

/// <summary>
/// A device without weights and without arithmetic. It takes as long as the real one would for the bytes and operations of each call, and keeps exact
/// books of the memory that the real one would need. It reads config.json only.
/// </summary>
public sealed class SimulatedDevice : IModelDevice
{
    private readonly SimulationOptions _simulation;
    private readonly WeightSizes _sizes;
    private readonly MemoryBooks _books;
    private readonly SimulatedLoader _loader;
    private readonly ConcurrentDictionary<ModelPiece, bool> _installed = new();
    private readonly CancellationTokenSource _closing = new();

    private SimulatedDevice(ModelConfig config, ModelOptions options, SimulationOptions simulation)
    {
        Config = config;
        Options = options;
        _simulation = simulation;
        WeightTypes types = WeightTypes.Of(config, options.Mode, options.Quant);
        _sizes = new WeightSizes(config, types);
        TopK = GetTopK(config);
        Costs = new SimulatedCosts(config, types, options, simulation.Hardware);
        Router = new SimulatedRouter(config, simulation.ExpertSkew);
        Clock = new SimulatedClock(simulation.TimeScale);
        Kv = new SimulatedKv(config, options);
        _loader = new SimulatedLoader(simulation.Hardware.LoadBytesPerSecond, simulation.TimeScale);
        _books = new MemoryBooks(simulation.Hardware.MemoryBytes, simulation.OutOfMemory);
        _books.Add(scratch: ScratchSize.Of(config, options).Bytes);
    }

    /// <inheritdoc/>
    public ModelConfig Config { get; }

    /// <inheritdoc/>
    public ModelOptions Options { get; }

    /// <inheritdoc/>
    public DeviceMemory Memory => _books.Current;

    /// <inheritdoc/>
    public string? Failure => null;

    /// <inheritdoc/>
    public int LoadsAtOnce => SimulatedLoader.Streams;

    /// <inheritdoc/>
    public long KvBlockBytes => Kv.BlockBytes;

    internal int TopK { get; }

    internal int ResidualLength => Config.HiddenSize * sizeof(float);

    internal int ExpertRowLength => Config.HiddenSize * Options.Mode.Element().Size();

    internal SimulatedCosts Costs { get; }

    internal SimulatedRouter Router { get; }

    internal SimulatedClock Clock { get; }

    internal SimulatedKv Kv { get; }

    /// <summary>Opens a device without pieces.</summary>
    /// <param name="directory">A folder with the model's config.json.</param>
    /// <param name="options">The same options as for a real device.</param>
    /// <param name="simulation">What is simulated.</param>
    /// <exception cref="ModelException">The config or an option is wrong.</exception>
    public static SimulatedDevice Open(string directory, ModelOptions options, SimulationOptions simulation)
    {
        options.Validate();
        simulation.Validate();
        return new SimulatedDevice(ModelConfig.Load(directory).WithContext(options.MaxModelLength), options, simulation);
    }

    /// <summary>
    /// Bytes of a device's memory that weights and K/V cannot have: the buffers of steps, and those of as many loads at once as the device is meant for.
    /// </summary>
    public static long ReservedBytes(ModelConfig config, ModelOptions options) => ScratchSize.Of(config, options).Bytes + (SimulatedLoader.Streams * SimulatedLoader.StagingBytes);

    /// <summary>Throws if a row has an adapter.</summary>
    internal static void Refuse(AdapterRows? adapters)
    {
        if (adapters is { Any: true })
        {
            throw new ArgumentException("A simulated device computes no adapters.", nameof(adapters));
        }
    }

    /// <inheritdoc/>
    public bool CanAdapt => false;

    /// <inheritdoc/>
    /// <exception cref="ModelException">Always.</exception>
    public LoraAdapter LoadAdapter(string directory, AdapterScope? scope, CancellationToken cancellationToken) =>
        throw new ModelException($"{directory}: a simulated device computes no adapters.");

    /// <inheritdoc/>
    public bool Holds(ModelPiece piece) => _installed.ContainsKey(piece);

    /// <inheritdoc/>
    public void Enter()
    {
    }

    /// <inheritdoc/>
    public async Task<IPreparedPiece> PrepareAsync(ModelPiece piece, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_closing.IsCancellationRequested, this);
        piece.Check(Config);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(_closing.Token, cancellationToken);
        (long weights, long kv) = SizeOf(piece);
        _books.Add(weights, kv, SimulatedLoader.StagingBytes);
        try
        {
            await _loader.LoadAsync(weights, stop.Token).ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            _books.Add(-weights, -kv, -SimulatedLoader.StagingBytes);
            cancellationToken.ThrowIfCancellationRequested();
            if (fault is OperationCanceledException)
            {
                throw new ObjectDisposedException(nameof(SimulatedDevice));
            }

            throw;
        }

        _books.Add(staging: -SimulatedLoader.StagingBytes);
        return new Prepared(this, piece);
    }

    /// <inheritdoc/>
    public bool Remove(ModelPiece piece)
    {
        if (!_installed.TryRemove(piece, out _))
        {
            return false;
        }

        if (piece.Kind == PieceKind.Attention)
        {
            Kv.Release(piece.Layer / Config.ClaFactor);
        }

        Free(piece);
        return true;
    }

    /// <inheritdoc/>
    public IStageRunner CreateStage() => new SimulatedStage(this);

    /// <inheritdoc/>
    public IExpertRunner CreateExpertRunner() => Config.HasExperts ? new SimulatedExperts(this) : throw new ModelException("The model has no experts to run.");

    /// <inheritdoc/>
    public void Synchronize() => Clock.Wait();

    /// <inheritdoc/>
    public void CopyKvOut(int group, ReadOnlySpan<int> blocks, Span<byte> target) => Kv.CopyOut(group, blocks, target);

    /// <inheritdoc/>
    public void CopyKvIn(int group, ReadOnlySpan<int> blocks, ReadOnlySpan<byte> source) => Kv.CopyIn(group, blocks, source);

    /// <inheritdoc/>
    public void Dispose() => _closing.Cancel();

    /// <summary>Computes rows that are ordered by expert.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="firstExpert">The expert of the first count.</param>
    /// <param name="counts">Number of rows of each expert.</param>
    /// <param name="local">For each expert, whether to compute it; empty: all.</param>
    /// <param name="input">The rows.</param>
    /// <param name="output">Receives the outputs.</param>
    internal void RunExperts(int layer, int firstExpert, ReadOnlySpan<int> counts, ReadOnlySpan<bool> local, SimulatedRows input, SimulatedRows output)
    {
        for (int i = 0; i < counts.Length; i++)
        {
            if (counts[i] > 0 && (local.IsEmpty || local[i]) && !Holds(ModelPiece.OfExpert(layer, firstExpert + i)))
            {
                throw new MissingPieceException(ModelPiece.OfExpert(layer, firstExpert + i));
            }
        }

        int row = 0;
        for (int i = 0; i < counts.Length; i++)
        {
            if (counts[i] > 0 && (local.IsEmpty || local[i]))
            {
                Clock.Charge(Costs.Expert(layer, counts[i]));
                ulong expert = ((ulong)layer << 32) | (uint)(firstExpert + i);
                for (int r = row; r < row + counts[i]; r++)
                {
                    output.Values[r] = SimulatedHash.Mix(input.Values[r], expert);
                }
            }

            row += counts[i];
        }
    }

    private static int GetTopK(ModelConfig config) => Math.Max(1, Enumerable.Range(0, config.Layers).Max(config.TopK));

    private (long Weights, long Kv) SizeOf(ModelPiece piece) => (_sizes.Piece(piece), piece.Kind == PieceKind.Attention ? Kv.GroupBytes : 0);

    private bool Install(ModelPiece piece)
    {
        ObjectDisposedException.ThrowIf(_closing.IsCancellationRequested, this);
        if (Holds(piece))
        {
            Free(piece);
            return false;
        }

        if (piece.Kind == PieceKind.Attention)
        {
            Kv.Attach(piece.Layer / Config.ClaFactor);
        }

        _installed[piece] = true;
        return true;
    }

    private void Free(ModelPiece piece)
    {
        (long weights, long kv) = SizeOf(piece);
        _books.Add(-weights, -kv);
    }

    private sealed class Prepared(SimulatedDevice device, ModelPiece piece) : IPreparedPiece
    {
        private int _taken;

        public ModelPiece Piece => piece;

        public bool Install()
        {
            ObjectDisposedException.ThrowIf(Interlocked.Exchange(ref _taken, 1) != 0, this);
            return device.Install(piece);
        }

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _taken, 1) == 0)
            {
                device.Free(piece);
            }
        }
    }
}
