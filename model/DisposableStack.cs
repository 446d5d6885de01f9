namespace HunyuanOrleans.Model;

/// <summary>
/// Disposes objects in the reverse order of their creation, so that a constructor that fails can free what it has created.
/// </summary>
internal sealed class DisposableStack : IDisposable
{
    private readonly List<IDisposable> _owned = [];

    public T Add<T>(T part)
        where T : IDisposable
    {
        _owned.Add(part);
        return part;
    }

    public void Dispose()
    {
        for (int i = _owned.Count - 1; i >= 0; i--)
        {
            _owned[i].Dispose();
        }

        _owned.Clear();
    }
}
