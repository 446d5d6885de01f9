using System.Collections.Concurrent;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Threading;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Parts;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Model;

/// <summary>
/// One model on one device: any subset of its pieces, which come and go between steps, the scratch memory to compute with, and the KV
/// pool. One thread computes, installs and removes; any thread may prepare and ask. It does not know what other devices hold.
/// </summary>
public sealed class ModelDevice : IDisposable
{
    private readonly DisposableStack _owned;
    private readonly Weights _weights;
    private readonly ModelParts _parts;
    private readonly ConcurrentDictionary<ModelPiece, PreparedPiece.Contents> _installed = new();
    private readonly CancellationTokenSource _closing = new();
    private readonly object _gate = new();
    private int _preparing;
    private bool _disposed;
    private long _weightBytes;

    private ModelDevice(Weights weights, ModelOptions options, DisposableStack owned)
    {
        _owned = owned;
        _weights = weights;
        _parts = new ModelParts(weights.Config, options, reserveKv: false, owned);
    }

    /// <summary>The model's shapes.</summary>
    public ModelConfig Config => _parts.Config;

    /// <summary>How it was opened.</summary>
    public ModelOptions Options => _parts.Options;

    /// <summary>Types of its matrices.</summary>
    public WeightTypes Types => _parts.Types;

    /// <summary>The workers it computes with.</summary>
    public WorkerPool Pool => _parts.Context.Pool;

    /// <summary>The KV pool, one group per CLA group of the model; a group has memory while its attention piece is installed.</summary>
    public KvBlocks Cache => _parts.Cache;

    /// <summary>Bytes of packed weights installed. Any thread may ask.</summary>
    public long WeightBytes => Volatile.Read(ref _weightBytes);

    /// <summary>The pieces installed, in no order. Any thread may ask; a snapshot.</summary>
    public ICollection<ModelPiece> Pieces => _installed.Keys;

    /// <summary>Opens a model folder and checks its files against its config; starts the workers and loads no piece.</summary>
    /// <exception cref="ModelException">Config, files or options are wrong; nothing stays allocated.</exception>
    public static ModelDevice Open(string directory, ModelOptions options)
    {
        options.Validate();
        DisposableStack owned = new();
        try
        {
            return new ModelDevice(ModelParts.Open(directory, owned), options, owned);
        }
        catch
        {
            owned.Dispose();
            throw;
        }
    }

    /// <summary>An empty batch for this model's shape.</summary>
    public AttentionBatch CreateBatch() => new(Config.Heads, Config.KvHeads);

    /// <summary>Bytes of packed weights a piece takes, found without loading it. Any thread may ask.</summary>
    /// <exception cref="ModelException">The model has no such piece.</exception>
    public long SizeOf(ModelPiece piece)
    {
        Enter();
        try
        {
            piece.Check(Config);
            WeightPlan plan = new(_parts.Types);
            _ = new PieceWeights(piece, _weights, plan);
            return plan.TotalBytes;
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>
    /// Gets the weights of a piece into memory of its own, mapped from its packed copy or packed from the checkpoint, and reserves the KV
    /// memory of an attention piece. Any thread may call it, several at once, while the device computes.
    /// </summary>
    /// <param name="piece">The piece.</param>
    /// <param name="loadPool">Workers to load with; others than the device's own, or computing waits.</param>
    /// <param name="cancellationToken">Stops between 32 MB of work; nothing stays allocated.</param>
    /// <returns>The piece, the caller's until installed.</returns>
    /// <exception cref="ModelException">The model has no such piece, or its files cannot be read.</exception>
    /// <exception cref="ObjectDisposedException">The device is disposed, or was while the piece was loaded.</exception>
    public PreparedPiece Prepare(ModelPiece piece, WorkerPool loadPool, CancellationToken cancellationToken = default)
    {
        Enter();
        try
        {
            using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(_closing.Token, cancellationToken);
            return Load(piece, loadPool, stop.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ObjectDisposedException(nameof(ModelDevice));
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Puts a prepared piece to use. On the computing thread, between calls that compute.</summary>
    /// <param name="piece">From <see cref="Prepare"/> of this device; its memory is the device's from now on.</param>
    /// <returns>True; false where the piece was held already, which then stays as it is, and the new memory is freed.</returns>
    /// <exception cref="ArgumentException">Another device prepared it.</exception>
    /// <exception cref="ObjectDisposedException">The piece was installed or disposed before, or the device is disposed.</exception>
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
        Interlocked.Add(ref _weightBytes, contents.WeightBytes);
        _installed[contents.Piece] = contents;
        return true;
    }

    /// <summary>Drops a piece and frees its weights and KV memory. On the computing thread, between calls that compute.</summary>
    /// <returns>False where it is not held.</returns>
    public bool Remove(ModelPiece piece)
    {
        if (!_installed.TryRemove(piece, out PreparedPiece.Contents? contents))
        {
            return false;
        }

        contents.Weights.RemoveFrom(_parts);
        Interlocked.Add(ref _weightBytes, -contents.WeightBytes);
        if (contents.Kv is not null)
        {
            Cache.Release(piece.Layer / Config.ClaFactor);
        }

        contents.Region?.Dispose();
        return true;
    }

    /// <summary>Whether a piece is installed. Any thread may ask.</summary>
    public bool Holds(ModelPiece piece) => _installed.ContainsKey(piece);

    /// <summary>A stage of its own on this device; the caller's to dispose.</summary>
    public StageRunner CreateStage()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return new StageRunner(_parts);
    }

    /// <summary>A runner of rows for this device's experts; the caller's to dispose.</summary>
    /// <exception cref="ModelException">The model has no experts.</exception>
    public ExpertRunner CreateExpertRunner()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return new ExpertRunner(_parts);
    }

    /// <summary>Stops what is being prepared and waits for it; then frees all pieces, workers and files. Nothing may be computing.</summary>
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

        _owned.Dispose();
        _closing.Dispose();
    }

    private PreparedPiece Load(ModelPiece piece, WorkerPool loadPool, CancellationToken cancellationToken)
    {
        piece.Check(Config);
        WeightPlan plan = new(_parts.Types, piece.ToString());
        PieceWeights weights = new(piece, _weights, plan);
        IDisposable? region = plan.TotalBytes == 0
            ? null
            : WeightLoader.Load(_weights, plan, Options, loadPool, _parts.Context.Kernels, progress: null, cancellationToken);
        try
        {
            NativeBuffer? kv = piece.Kind == PieceKind.Attention ? Cache.CreateMemory() : null;
            return new PreparedPiece(this, piece, plan.TotalBytes, weights, region, kv);
        }
        catch
        {
            region?.Dispose();
            throw;
        }
    }

    // While a thread reads the checkpoint, it must stay mapped.
    private void Enter()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _preparing++;
        }
    }

    private void Leave()
    {
        lock (_gate)
        {
            _preparing--;
            Monitor.PulseAll(_gate);
        }
    }
}
