namespace HunyuanOrleans.Model;

/// <summary>What an object has to free, in the reverse order of its creation; so that a constructor that fails frees what it had.</summary>
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
