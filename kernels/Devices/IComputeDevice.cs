using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Kernels.Memory;

namespace HunyuanOrleans.Kernels.Devices;

/// <summary>
/// A device that computes: it creates buffers in its memory and the operations on them. Operations take only buffers of their own device. They are
/// submitted in order and may still run when a call returns; whatever copies from the device waits for them. Only one thread at a time may use the
/// operations of a device. Every object is disposed by whoever created it, before the device.
/// </summary>
public interface IComputeDevice : IDisposable
{
    /// <summary>Whether the device computes in the memory of this process, so that an <see cref="Activation"/> is one of its buffers.</summary>
    bool UsesHostMemory { get; }

    /// <summary>Loads weights into the device's own memory; null if the device uses the host's.</summary>
    IMatrixLoader? Loader { get; }

    /// <summary>Why the device cannot compute any more; null if it can. Any thread may read it.</summary>
    string? Failure { get; }

    /// <summary>Waits until everything that was submitted is computed.</summary>
    void Synchronize();

    /// <summary>
    /// Runs operations of a step, or replays them as they were recorded in an earlier step of the same shape, which costs less than to submit each.
    /// </summary>
    /// <param name="rows">The rows of the step, which has begun.</param>
    /// <param name="operations">The name of the operations.</param>
    /// <param name="run">
    /// Submits the operations. They depend on nothing but their name, buffers, weights and the shape of the step, and copy nothing from or to the host. It is
    /// not called if the operations are replayed.
    /// </param>
    /// <returns>Whether <paramref name="run"/> was called.</returns>
    bool Replay(IStepRows rows, OperationRun operations, Action run);

    /// <summary>Creates a buffer of zeros, [rows, columns].</summary>
    /// <param name="rows">Number of rows.</param>
    /// <param name="columns">Number of elements in a row.</param>
    /// <param name="type">F32 or BF16.</param>
    IActivation CreateActivation(int rows, int columns, ElementType type);

    /// <summary>Copies a vector to the device, such as the weights of a norm.</summary>
    IVector CreateVector(float[] values);

    /// <summary>Makes rows of an embedding available to the device. Devices with their own memory copy them.</summary>
    /// <param name="rows">The rows. They must stay readable as long as the table exists.</param>
    /// <param name="type">The type in which a device with its own memory keeps them, F32 or BF16.</param>
    /// <param name="cancellationToken">Abandons copying.</param>
    IEmbeddingTable CreateEmbedding(IRowReader rows, ElementType type, CancellationToken cancellationToken);

    /// <summary>Creates a pool of keys and values.</summary>
    /// <param name="shape">Its shape.</param>
    /// <param name="reserve">Whether every group gets its memory now.</param>
    IKvPool CreateKvPool(KvShape shape, bool reserve);

    /// <summary>Creates a table of matrices, at first empty.</summary>
    IMatrixTable CreateTable(int count);

    /// <summary>Creates a buffer for the experts chosen for the tokens of a step.</summary>
    /// <param name="maxTokens">Maximum number of tokens.</param>
    /// <param name="maxTopK">Maximum number of experts of a token.</param>
    /// <param name="experts">Number of experts in a layer.</param>
    IRoutedRows CreateRoutedRows(int maxTokens, int maxTopK, int experts);

    /// <summary>Creates groups of rows whose sizes the host decides.</summary>
    /// <param name="experts">Most groups.</param>
    IExpertRows CreateExpertRows(int experts);

    /// <summary>Creates the operation <see cref="IRmsNorm"/>.</summary>
    IRmsNorm CreateRmsNorm();

    /// <summary>Creates the operation <see cref="IMatrixProducts"/>.</summary>
    /// <param name="maxItems">Most products in one run; each expert counts.</param>
    IMatrixProducts CreateProducts(int maxItems);

    /// <summary>Creates the operation <see cref="IAttention"/>.</summary>
    /// <param name="kv">Keys and values.</param>
    /// <param name="heads">Query heads.</param>
    /// <param name="maxRows">Maximum number of rows of a step.</param>
    IAttention CreateAttention(IKvPool kv, int heads, int maxRows);

    /// <summary>Creates the operation <see cref="IRowGather"/>.</summary>
    IRowGather CreateGather();

    /// <summary>Creates the operation <see cref="IExpertSelector"/>.</summary>
    IExpertSelector CreateSelector();

    /// <summary>Creates the operation <see cref="IWeightedRowSum"/>.</summary>
    IWeightedRowSum CreateWeightedRowSum();

    /// <summary>Creates the operation <see cref="ITopLogits"/>; null if logits are in the host's memory anyway. The caller disposes it.</summary>
    /// <param name="maxRows">Most rows.</param>
    /// <param name="vocabulary">Logits of a row.</param>
    ITopLogits? CreateTopLogits(int maxRows, int vocabulary);

    /// <summary>Creates the operation <see cref="IBiasAdd"/>.</summary>
    IBiasAdd CreateBiasAdd();
}
