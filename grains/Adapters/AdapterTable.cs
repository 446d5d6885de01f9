using HunyuanOrleans.Grains.Messages;

namespace HunyuanOrleans.Grains.Adapters;

/// <summary>
/// The adapters of a model, by name. Every silo keeps all records, so that they outlive any silo; tables that have seen the same records are equal in whatever
/// order they came. Thread-safe.
/// </summary>
internal sealed class AdapterTable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, AdapterRecord> _records = new(StringComparer.Ordinal);
    private volatile AdapterRecord[] _live = [];

    /// <summary>The highest version of a record; 0 if there is none.</summary>
    public long Version
    {
        get
        {
            lock (_gate)
            {
                return _records.Values.Select(static record => record.Version).DefaultIfEmpty().Max();
            }
        }
    }

    /// <summary>All records, also of removed adapters.</summary>
    public AdapterRecord[] All
    {
        get
        {
            lock (_gate)
            {
                return [.. _records.Values];
            }
        }
    }

    /// <summary>The adapters that requests can name, ordered by name.</summary>
    public IReadOnlyList<AdapterRecord> Live => _live;

    /// <summary>Finds the record of a name, which may be that of a removed adapter; null if there is none.</summary>
    public AdapterRecord? Find(string name)
    {
        lock (_gate)
        {
            return _records.GetValueOrDefault(name);
        }
    }

    /// <summary>Finds an adapter that requests can name; null if there is none of this name.</summary>
    public AdapterRecord? FindLive(string name) => Find(name) is { IsRemoved: false } record ? record : null;

    /// <summary>Adds records. Of two records of one name, the later one stays.</summary>
    public void Merge(IEnumerable<AdapterRecord> records)
    {
        lock (_gate)
        {
            foreach (AdapterRecord record in records)
            {
                if (!_records.TryGetValue(record.Name, out AdapterRecord? known) || IsLater(record, known))
                {
                    _records[record.Name] = record;
                }
            }

            _live = [.. _records.Values.Where(static record => !record.IsRemoved).OrderBy(static record => record.Name, StringComparer.Ordinal)];
        }
    }

    // Two schedulers may have given the same version; all silos must choose the same record.
    private static bool IsLater(AdapterRecord record, AdapterRecord known) =>
        record.Version != known.Version ? record.Version > known.Version
        : record.Digest != known.Digest ? string.CompareOrdinal(record.Digest, known.Digest) > 0
        : record.IsRemoved && !known.IsRemoved;
}
