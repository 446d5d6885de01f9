using HunyuanOrleans.Engine.Adapters;
using HunyuanOrleans.Model.Adapters;

namespace HunyuanOrleans.Grains.Adapters;

/// <summary>The adapters of a step in the memory of a silo, where they stay until it is disposed.</summary>
/// <param name="capacity">Number of adapters.</param>
internal sealed class StepAdapters(int capacity) : IDisposable
{
    private readonly List<AdapterLease> _leases = new(capacity);

    /// <summary>The adapter with a number counted from 1; null for number 0.</summary>
    public LoraAdapter? this[int number] => number == 0 ? null : _leases[number - 1].Adapter;

    /// <summary>Whether any of them changes a routed expert of a layer.</summary>
    public bool ChangeExperts(int layer)
    {
        foreach (AdapterLease lease in _leases)
        {
            if (lease.Adapter.ChangesExperts(layer))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether all of them are in memory for a layer's attention and its plain or shared MLP.</summary>
    public bool Cover(int layer)
    {
        foreach (AdapterLease lease in _leases)
        {
            if (!lease.Adapter.Covers(layer))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether all of them are in memory for a routed expert.</summary>
    public bool Cover(int layer, int expert)
    {
        foreach (AdapterLease lease in _leases)
        {
            if (!lease.Adapter.Covers(layer, expert))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Adds the next adapter.</summary>
    public void Add(AdapterLease lease) => _leases.Add(lease);

    /// <summary>Returns a set of its own with the same adapters, which stay in memory until both are disposed.</summary>
    public StepAdapters Share()
    {
        StepAdapters shared = new(_leases.Count);
        foreach (AdapterLease lease in _leases)
        {
            shared.Add(lease.Share());
        }

        return shared;
    }

    /// <summary>Lets the adapters go.</summary>
    public void Dispose()
    {
        _leases.ForEach(static lease => lease.Dispose());
        _leases.Clear();
    }
}
