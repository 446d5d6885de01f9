using System.Collections.Concurrent;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Threading;
using HunyuanOrleans.Model.Adapters;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Devices;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Parts;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Model;

/// <summary>
/// A CPU or a GPU as a <see cref="IModelDevice"/>, with scratch memory and the KV pool. Pieces are installed and removed between steps.
/// </summary>
public sealed class ModelDevice : IModelDevice
{
    private readonly DisposableStack _owned;
    private readonly Weights _weights;
    private readonly ModelParts _parts;
    private readonly ConcurrentDictionary<ModelPiece, PreparedPiece.Contents> _installed = new();
    private readonly CancellationTokenSource _closing = new();
    private readonly object _gate = new();
    private readonly Lazy<WorkerPool> _loadPool;
    private int _preparing;
    private bool _disposed;
    private long _weightBytes;

    private ModelDevice(Weights weights, ModelOptions options, DisposableStack owned)
    {
        _owned = owned;
        _weights = weights;
        _parts = new ModelParts(weights.Config, options, reserveKv: false, owned);
        _loadPool = new Lazy<WorkerPool>(() => new WorkerPool(options.Threads, pin: false));
        Books.Add(scratch: ScratchSize.Of(weights.Config, options).Bytes);
    }

    /// <inheritdoc/>
    public ModelConfig Config => _parts.Config;

    /// <inheritdoc/>
    public ModelOptions Options => _parts.Options;

    /// <summary>The element types of the model's matrices.</summary>
    public WeightTypes Types => _parts.Types;

    /// <summary>The workers that compute.</summary>
    public WorkerPool Pool => _parts.Pool;

    /// <summary>
    /// The KV pool, with one group for each CLA group of the model. A group has memory only while its attention piece is installed.
    /// </summary>
    public IKvPool Cache => _parts.Cache;

    /// <inheritdoc/>
    public DeviceMemory Memory => Books.Current;

    /// <inheritdoc/>
    public string? Failure => _parts.Device.Failure;

    /// <inheritdoc/>
    /// <remarks>Two: while the workers pack one piece, the disk reads the other. The workers pack one piece at a time.</remarks>
    public int LoadsAtOnce => 2;

    /// <inheritdoc/>
    public long KvBlockBytes => Cache.BlockBytes;

    /// <summary>Bytes of the installed packed weights. Any thread may read it.</summary>
    public long WeightBytes => Volatile.Read(ref _weightBytes);

    internal MemoryBooks Books { get; } = new(capacity: 0, exceeded: null);

    /// <summary>A snapshot of the installed pieces, in no particular order. Any thread may read it.</summary>
    public ICollection<ModelPiece> Pieces => _installed.Keys;

    /// <summary>Opens a model folder, checks its files against its config, and starts the workers. No piece is loaded.</summary>
    /// <exception cref="ModelException">Config, files or options are wrong; nothing stays allocated.</exception>
    public static ModelDevice Open(string directory, ModelOptions options)
    {
        options.Validate();
        if (options.Mtp)
        {
            throw new ModelException("Layers for multi-token prediction run with the whole model in one process only; allowed: a silo without them.");
        }

        DisposableStack owned = new();
        try
        {
            return new ModelDevice(ModelParts.Open(directory, options, owned), options, owned);
        }
        catch
        {
            owned.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Enter()
    {
        if (Options.PinThreads)
        {
            Pool.PinCurrentThread();
        }
    }

    /// <summary>Creates an empty batch for this model's numbers of heads.</summary>
    public AttentionBatch CreateBatch() => new(Config.Heads, Config.KvHeads);

    /// <summary>Computes the bytes of packed weights that a piece takes, without loading it. Any thread may call it.</summary>
    /// <exception cref="ModelException">The model has no such piece.</exception>
    public long SizeOf(ModelPiece piece)
    {
        BeginPreparing();
        try
        {
            piece.Check(Config);
            WeightPlan plan = new(_parts.Types, loader: _parts.Device.Loader);
            _ = new PieceWeights(piece, _weights, plan);
            return plan.TotalBytes;
        }
        finally
        {
            EndPreparing();
        }
    }

    /// <summary>
    /// Loads the weights of a piece into separate memory, mapped from its packed copy or packed from the checkpoint. For an attention piece
    /// it also reserves KV memory. Any number of threads may call it at once, also while the device computes.
    /// </summary>
    /// <param name="piece">The piece to load.</param>
    /// <param name="loadPool">
    /// The workers that load; null for a pool of the device. Use another pool than <see cref="Pool"/>, or computing waits for the load.
    /// </param>
    /// <param name="cancellationToken">Checked about every 32 MB of work; after cancellation nothing stays allocated.</param>
    /// <returns>The loaded piece. The caller owns it until it is installed.</returns>
    /// <exception cref="ModelException">The model has no such piece, or its files cannot be read.</exception>
    /// <exception cref="ObjectDisposedException">The device is disposed, or was disposed while the piece was being loaded.</exception>
    public PreparedPiece Prepare(ModelPiece piece, WorkerPool? loadPool, CancellationToken cancellationToken = default)
    {
        BeginPreparing();
        try
        {
            using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(_closing.Token, cancellationToken);
            return Load(piece, loadPool ?? _loadPool.Value, stop.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ObjectDisposedException(nameof(ModelDevice));
        }
        finally
        {
            EndPreparing();
        }
    }

    /// <inheritdoc/>
    public async Task<IPreparedPiece> PrepareAsync(ModelPiece piece, CancellationToken cancellationToken) =>
        await Task.Run(() => Prepare(piece, loadPool: null, cancellationToken), cancellationToken);

    /// <summary>Installs a prepared piece. Call it on the computing thread, between calls that compute.</summary>
    /// <param name="piece">A piece from <see cref="Prepare"/> of this device. The device takes over its memory.</param>
    /// <returns>
    /// True if the piece was installed. False if it was installed already; the installed piece then stays and the new memory is freed.
    /// </returns>
    /// <exception cref="ArgumentException">Another device prepared the piece.</exception>
    /// <exception cref="ObjectDisposedException">The piece was already installed or disposed, or the device is disposed.</exception>
    public bool Install(PreparedPiece piece)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (piece.Device != this)
        {
            throw new ArgumentException($"The piece {piece.Piece} was prepared by another device.", nameof(piece));
        }

        if (Holds(piece.Piece))
        {
            piece.Dispose();
            return false;
        }

        PreparedPiece.Contents contents = piece.Take() ?? throw new ObjectDisposedException(nameof(PreparedPiece));
        if (contents.Kv is not null)
        {
            Cache.Attach(contents.Piece.Layer / Config.ClaFactor, contents.Kv);
        }

        contents.Weights.InstallInto(_parts);
        _parts.CountChange();
        Interlocked.Add(ref _weightBytes, contents.WeightBytes);
        _installed[contents.Piece] = contents;
        return true;
    }

    /// <inheritdoc/>
    public bool CanAdapt => _parts.Adapters is not null;

    /// <inheritdoc/>
    public LoraAdapter LoadAdapter(string directory, AdapterScope? scope, CancellationToken cancellationToken)
    {
        BeginPreparing();
        try
        {
            return _parts.LoadAdapter(directory, scope, cancellationToken);
        }
        finally
        {
            EndPreparing();
        }
    }

    /// <summary>Removes a piece and frees its weights and KV memory. Call it on the computing thread, between calls that compute.</summary>
    /// <returns>False if the piece is not installed.</returns>
    public bool Remove(ModelPiece piece)
    {
        if (!_installed.TryRemove(piece, out PreparedPiece.Contents? contents))
        {
            return false;
        }

        contents.Weights.RemoveFrom(_parts);
        _parts.CountChange();
        Interlocked.Add(ref _weightBytes, -contents.WeightBytes);
        if (contents.Kv is not null)
        {
            Cache.Release(piece.Layer / Config.ClaFactor);
        }

        contents.Region.Dispose();
        Books.Add(-contents.WeightBytes, -(contents.Kv?.ByteLength ?? 0));
        return true;
    }

    /// <summary>Whether a piece is installed. Any thread may call it.</summary>
    public bool Holds(ModelPiece piece) => _installed.ContainsKey(piece);

    /// <inheritdoc cref="IModelDevice.CreateStage"/>
    public StageRunner CreateStage()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return new StageRunner(_parts);
    }

    IStageRunner IModelDevice.CreateStage() => CreateStage();

    /// <inheritdoc cref="IModelDevice.CreateExpertRunner"/>
    public ExpertRunner CreateExpertRunner()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return new ExpertRunner(_parts);
    }

    IExpertRunner IModelDevice.CreateExpertRunner() => CreateExpertRunner();

    /// <inheritdoc/>
    public void Synchronize() => _parts.Device.Synchronize();

    /// <inheritdoc/>
    public void CopyKvOut(int group, ReadOnlySpan<int> blocks, Span<byte> target) => Cache.CopyOut(group, blocks, target);

    /// <inheritdoc/>
    public void CopyKvIn(int group, ReadOnlySpan<int> blocks, ReadOnlySpan<byte> source) => Cache.CopyIn(group, blocks, source);

    /// <summary>
    /// Cancels running preparations and waits for them, then frees all pieces, workers and files. Nothing may be computing.
    /// </summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            _closing.Cancel();
            while (_preparing > 0)
            {
                Monitor.Wait(_gate);
            }
        }

        foreach (ModelPiece piece in _installed.Keys)
        {
            Remove(piece);
        }

        if (_loadPool.IsValueCreated)
        {
            _loadPool.Value.Dispose();
        }

        _owned.Dispose();
        _closing.Dispose();
    }

    private PreparedPiece Load(ModelPiece piece, WorkerPool loadPool, CancellationToken cancellationToken)
    {
        piece.Check(Config);
        WeightPlan plan = new(_parts.Types, piece.ToString(), _parts.Device.Loader);
        PieceWeights weights = new(piece, _weights, plan);
        DisposableStack region = new();
        long bytes = plan.TotalBytes;
        Books.Add(bytes);
        try
        {
            region.Add(WeightLoader.Load(_weights, plan, Options, loadPool, _parts.Device, _parts.Kernels, progress: null, cancellationToken));
            if (piece.Kind == PieceKind.Embedding)
            {
                IEmbeddingTable table = region.Add(_parts.Device.CreateEmbedding(_weights.Embedding(), Options.Mode.Element(), cancellationToken));
                weights.Embedding = table;
                bytes += table.ByteLength;
                Books.Add(table.ByteLength);
            }

            IDeviceMemory? kv = piece.Kind == PieceKind.Attention ? Cache.AllocateGroup() : null;
            Books.Add(kv: kv?.ByteLength ?? 0);
            return new PreparedPiece(this, piece, bytes, weights, region, kv);
        }
        catch
        {
            region.Dispose();
            Books.Add(-bytes);
            throw;
        }
    }

    // Dispose waits for threads between these two: the checkpoint must stay mapped while they read it.
    private void BeginPreparing()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _preparing++;
        }
    }

    private void EndPreparing()
    {
        lock (_gate)
        {
            _preparing--;
            Monitor.PulseAll(_gate);
        }
    }
}
