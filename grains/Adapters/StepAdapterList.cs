using HunyuanOrleans.Grains.Messages;

namespace HunyuanOrleans.Grains.Adapters;

/// <summary>Numbers the different adapters of a step.</summary>
internal sealed class StepAdapterList
{
    private List<AdapterMessage>? _adapters;
    private Dictionary<string, int>? _numbers;

    /// <summary>The number of an adapter, counted from 1; 0 for none.</summary>
    public int NumberOf(ClusterAdapter? adapter)
    {
        if (adapter is null)
        {
            return 0;
        }

        _adapters ??= [];
        _numbers ??= new Dictionary<string, int>(StringComparer.Ordinal);
        if (!_numbers.TryGetValue(adapter.Digest, out int number))
        {
            _adapters.Add(adapter.Message);
            _numbers[adapter.Digest] = number = _adapters.Count;
        }

        return number;
    }

    /// <summary>The adapters in the order of their numbers; null if there are none.</summary>
    public AdapterMessage[]? ToMessages() => _adapters?.ToArray();
}
