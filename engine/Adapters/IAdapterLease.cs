using HunyuanOrleans.Model.Adapters;

namespace HunyuanOrleans.Engine.Adapters;

/// <summary>Keeps an adapter usable until it is disposed, once.</summary>
public interface IAdapterLease : IDisposable
{
    /// <summary>The adapter.</summary>
    IAdapter Adapter { get; }
}
