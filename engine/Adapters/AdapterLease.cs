using HunyuanOrleans.Model.Adapters;

namespace HunyuanOrleans.Engine.Adapters;

/// <summary>Keeps an adapter in memory until it is disposed, once.</summary>
/// <param name="adapter">The adapter.</param>
/// <param name="release">Ends the use of the adapter.</param>
public sealed class AdapterLease(LoraAdapter adapter, Action release) : IDisposable
{
    private Action? _release = release;

    /// <summary>The adapter.</summary>
    public LoraAdapter Adapter => adapter;

    /// <inheritdoc/>
    public void Dispose() => Interlocked.Exchange(ref _release, null)?.Invoke();
}
