using HunyuanOrleans.Model.Adapters;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Parts;

namespace HunyuanOrleans.Model.Devices;

/// <summary>
/// A device that holds any subset of a model's pieces and computes with them. Only one thread at a time may compute, copy keys and values, install or
/// remove; any thread may prepare pieces and read properties. A device does not know what other devices hold.
/// </summary>
public interface IModelDevice : IDisposable
{
    /// <summary>The model's shapes.</summary>
    ModelConfig Config { get; }

    /// <summary>The options it was opened with.</summary>
    ModelOptions Options { get; }

    /// <summary>What the device's memory is used for. Any thread may read it.</summary>
    DeviceMemory Memory { get; }

    /// <summary>Why the device cannot compute any more; null if it can. Any thread may read it.</summary>
    string? Failure { get; }

    /// <summary>Number of pieces to load at once for the full speed of the disk. More would only take memory.</summary>
    int LoadsAtOnce { get; }

    /// <summary>Bytes of one K/V block of one CLA group, as it is copied.</summary>
    long KvBlockBytes { get; }

    /// <summary>Whether a piece is installed. Any thread may call it.</summary>
    bool Holds(ModelPiece piece);

    /// <summary>Prepares the calling thread, which from now on computes on the device.</summary>
    void Enter();

    /// <summary>
    /// Loads the weights of a piece, and reserves K/V memory for an attention piece, while the device computes. Several pieces may be loaded at
    /// once.
    /// </summary>
    /// <param name="piece">The piece to load.</param>
    /// <param name="cancellationToken">Abandons loading; nothing stays allocated.</param>
    /// <returns>The loaded piece. The caller owns it until it is installed.</returns>
    /// <exception cref="ModelException">The model has no such piece, or its files cannot be read.</exception>
    /// <exception cref="ObjectDisposedException">The device is disposed, or was disposed meanwhile.</exception>
    Task<IPreparedPiece> PrepareAsync(ModelPiece piece, CancellationToken cancellationToken);

    /// <summary>Removes a piece and frees its weights and K/V memory.</summary>
    /// <returns>False if the piece is not installed.</returns>
    bool Remove(ModelPiece piece);

    /// <summary>Whether the device can compute adapters.</summary>
    bool CanAdapt { get; }

    /// <summary>Loads an adapter, while the device computes.</summary>
    /// <param name="directory">The adapter's folder, as PEFT writes it.</param>
    /// <param name="scope">The pieces that it is loaded for; null: all.</param>
    /// <param name="cancellationToken">Stops loading; nothing stays allocated.</param>
    /// <returns>The adapter. The caller disposes it, when no step uses it any more.</returns>
    /// <exception cref="ModelException">The adapter is damaged, does not fit the model, or is not supported here; nothing stays allocated.</exception>
    LoraAdapter LoadAdapter(string directory, AdapterScope? scope, CancellationToken cancellationToken);

    /// <summary>Creates a stage that computes with this device's pieces. The caller disposes it.</summary>
    IStageRunner CreateStage();

    /// <summary>Creates a runner for this device's experts. The caller disposes it.</summary>
    /// <exception cref="ModelException">The model has no experts.</exception>
    IExpertRunner CreateExpertRunner();

    /// <summary>Waits until all work that was submitted before has been computed. Buffers may be copied afterwards.</summary>
    void Synchronize();

    /// <summary>Copies K/V blocks of a CLA group to <paramref name="target"/>, one after the other.</summary>
    /// <param name="group">Index of the CLA group; its attention piece is installed.</param>
    /// <param name="blocks">Block numbers.</param>
    /// <param name="target">Receives blocks.Length * <see cref="KvBlockBytes"/> bytes.</param>
    void CopyKvOut(int group, ReadOnlySpan<int> blocks, Span<byte> target);

    /// <summary>Copies K/V blocks from <paramref name="source"/>, in the form that <see cref="CopyKvOut"/> writes.</summary>
    /// <inheritdoc cref="CopyKvOut"/>
    void CopyKvIn(int group, ReadOnlySpan<int> blocks, ReadOnlySpan<byte> source);
}
