using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Kernels.Memory;

namespace HunyuanOrleans.Model;

/// <summary>
/// Logits of rows of a step. On a device with its own memory they stay there: the host copies the rows, or the largest logits, that somebody asks for. The
/// object is reused between steps. It does not know how tokens are sampled. Not thread-safe.
/// </summary>
/// <param name="maxRows">Most rows.</param>
/// <param name="vocabulary">Logits of a row.</param>
public sealed class StepLogits(int maxRows, int vocabulary) : IDisposable
{
    private readonly LargestLogits[] _largest = new LargestLogits[maxRows];
    private readonly bool[] _isHere = new bool[maxRows];
    private Activation? _host;
    private IActivation? _device;
    private ITopLogits? _top;

    /// <summary>Number of rows.</summary>
    public int Rows { get; private set; }

    /// <summary>The most of the largest logits of a row that can be had without the whole row. 0 if whole rows are in the host's memory anyway.</summary>
    public int MaxLargest => _device is null ? 0 : _top?.MaxCount ?? 0;

    /// <summary>The rows in the host's memory, float32 [rows, vocabulary]. Allocated when it is needed first: a device may never copy a whole row.</summary>
    internal Activation Host => _host ??= new Activation(maxRows, vocabulary, ElementType.F32);

    /// <summary>Gets a row, [vocabulary]. The caller may overwrite it.</summary>
    /// <param name="row">Number of the row among those that were computed.</param>
    public Span<float> Row(int row)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Rows, nameof(row));
        if (!_isHere[row])
        {
            _device!.CopyOut(row, 1, Host.RowBytes(row));
            _isHere[row] = true;
        }

        return Host.Row(row);
    }

    /// <summary>How many of the largest logits of each row were selected; 0 if none were.</summary>
    public int Selected { get; private set; }

    /// <summary>Gets what sampling needs of all rows: the largest logits, or if that is not enough for any row, the rows.</summary>
    /// <param name="largest">Number of the largest logits, at most <see cref="MaxLargest"/>; 0 for whole rows.</param>
    public void Fetch(int largest)
    {
        if (largest > 0)
        {
            SelectLargest(largest);
        }
        else
        {
            CopyRows();
        }
    }

    /// <summary>Copies all rows at once, which is faster than one by one, if all are needed.</summary>
    public void CopyRows()
    {
        if (_isHere.AsSpan(0, Rows).Contains(false))
        {
            _device!.CopyTo(Rows, Host);
            _isHere.AsSpan(0, Rows).Fill(true);
        }
    }

    /// <summary>Selects the largest logits of every row, for <see cref="Largest"/>.</summary>
    /// <param name="count">Number of logits, 1 to <see cref="MaxLargest"/>.</param>
    public void SelectLargest(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, MaxLargest);
        _top!.Select(_device!, Rows, count, _largest);
        Selected = count;
    }

    /// <summary>Gets what the last <see cref="SelectLargest"/> selected of a row.</summary>
    /// <param name="row">Number of the row among those that were computed.</param>
    /// <exception cref="InvalidOperationException">Nothing was selected of the present rows.</exception>
    public LargestLogits Largest(int row)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Rows, nameof(row));
        return Selected > 0 ? _largest[row] : throw new InvalidOperationException("The largest logits of these rows were not selected.");
    }

    /// <summary>Frees the rows in the host's memory.</summary>
    public void Dispose() => _host?.Dispose();

    /// <summary>Begins new rows.</summary>
    /// <param name="rows">Their number.</param>
    /// <param name="device">Where a device with its own memory computed them; null if they are in <see cref="Host"/>.</param>
    /// <param name="top">Selects the largest ones on the device; may be null.</param>
    internal void Begin(int rows, IActivation? device, ITopLogits? top)
    {
        (Rows, _device, _top, Selected) = (rows, device, top, 0);
        _isHere.AsSpan().Fill(device is null);
    }
}
