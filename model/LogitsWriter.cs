using System.Runtime.InteropServices;

namespace HunyuanOrleans.Model;

/// <summary>Writes rows of logits as float32 in little-endian order, [positions, vocabulary], and keeps the last row.</summary>
/// <param name="target">Receives the rows; null if only the last row is wanted. Not owned.</param>
/// <param name="vocabulary">Number of logits in a row.</param>
public sealed class LogitsWriter(Stream? target, int vocabulary)
{
    private const int TopCount = 5;

    private readonly float[] _last = new float[vocabulary];

    /// <summary>Writes a row.</summary>
    /// <param name="row">At least as many values as the vocabulary has tokens; those after the last token are padding.</param>
    public void Write(ReadOnlySpan<float> row)
    {
        row[..vocabulary].CopyTo(_last);
        if (BitConverter.IsLittleEndian)
        {
            target?.Write(MemoryMarshal.AsBytes(_last.AsSpan()));
        }
        else
        {
            target?.Write([.. _last.SelectMany(static value => BitConverter.GetBytes(value).Reverse())]);
        }
    }

    /// <summary>The five largest logits of the last row in descending order, each as [token id, logit]. A float holds every token id exactly.</summary>
    public float[][] Top() =>
        [.. Enumerable.Range(0, vocabulary).OrderByDescending(id => _last[id]).Take(TopCount).Select(id => new[] { id, _last[id] })];
}
