using HunyuanOrleans.Engine.Adapters;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Model.Adapters;

namespace HunyuanOrleans.Grains.Adapters;

/// <summary>An adapter as the scheduler passes it on to the silos that compute with it. Disposing it once ends its use by one request.</summary>
/// <param name="record">The adapter.</param>
/// <param name="release">Ends the use.</param>
internal sealed class ClusterAdapter(AdapterRecord record, Action release) : IAdapter, IAdapterLease
{
    private Action? _release = release;

    /// <inheritdoc/>
    IAdapter IAdapterLease.Adapter => this;

    /// <inheritdoc/>
    public string Digest => record.Digest;

    /// <summary>The adapter in messages.</summary>
    public AdapterMessage Message { get; } = new(record.Name, record.Digest, record.Folder);

    /// <inheritdoc/>
    public void Dispose() => Interlocked.Exchange(ref _release, null)?.Invoke();
}
