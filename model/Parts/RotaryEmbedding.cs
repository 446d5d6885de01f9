using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Parts;

/// <summary>
/// Computes rotary angles of positions, rounded in the same places as the published code: without alpha, frequencies are bfloat16; with
/// linear and dynamic scaling, position, angle, cosine and sine are bfloat16 too. It stores frequencies and computes angles on request.
/// </summary>
public sealed class RotaryEmbedding
{
    private readonly RopeSettings _settings;
    private readonly float[] _frequencies;
    private readonly bool _rounded;
    private readonly int _headSize;

    /// <summary>Computes the frequencies.</summary>
    /// <param name="settings">The config's rotary settings.</param>
    /// <param name="headSize">Width of a head.</param>
    /// <param name="rounded">Whether frequencies without alpha are rounded to bfloat16, as in models of type hunyuan.</param>
    public RotaryEmbedding(RopeSettings settings, int headSize, bool rounded)
    {
        _settings = settings;
        _headSize = headSize;
        _rounded = rounded && settings.Scaling != RopeScaling.Alpha;
        double theta = settings.Scaling == RopeScaling.Alpha
            ? settings.Theta * Math.Pow(settings.Alpha, headSize / (double)(headSize - 2))
            : settings.Theta;
        _frequencies = Frequencies(theta, _rounded);
    }

    /// <summary>Creates the rotary embedding of a model.</summary>
    public static RotaryEmbedding Of(ModelConfig config) => new(config.Rope, config.HeadDim, config.Family == ModelFamily.Hunyuan);

    /// <summary>Inverse frequencies, [head size / 2], for sequences that are not longer than the maximum position.</summary>
    public ReadOnlySpan<float> InverseFrequencies => _frequencies;

    /// <summary>Writes the cosines and sines of one position.</summary>
    /// <param name="position">The position, from 0.</param>
    /// <param name="length">Length of the sequence in tokens. Only dynamic scaling without alpha uses it.</param>
    /// <param name="cos">Receives the cosines, [head size / 2].</param>
    /// <param name="sin">Receives the sines, [head size / 2].</param>
    public void Fill(int position, int length, Span<float> cos, Span<float> sin)
    {
        bool extended = _settings.Scaling == RopeScaling.Dynamic && length > _settings.MaxPositions;
        float scaled = position;
        bool rounds = _rounded && !extended && _settings.Scaling is RopeScaling.Linear or RopeScaling.Dynamic;
        if (rounds)
        {
            scaled = Round(scaled);
        }

        if (_settings.Scaling == RopeScaling.Linear)
        {
            scaled /= (float)_settings.Factor;
            scaled = rounds ? Round(scaled) : scaled;
        }

        double theta = extended ? ExtendedTheta(length) : 0;
        for (int i = 0; i < _frequencies.Length; i++)
        {
            float angle = scaled * (extended ? Frequency(theta, i) : _frequencies[i]);
            angle = rounds ? Round(angle) : angle;
            cos[i] = rounds ? Round(MathF.Cos(angle)) : MathF.Cos(angle);
            sin[i] = rounds ? Round(MathF.Sin(angle)) : MathF.Sin(angle);
        }
    }

    /// <summary>
    /// Writes the cosines and sines of all rows of a batch. They depend only on each row's position, so that chunking does not change a
    /// bit.
    /// </summary>
    public void Fill(AttentionBatch batch, RotaryAngles rows)
    {
        foreach (ref readonly AttentionSlice slice in batch.Slices)
        {
            for (int i = 0; i < slice.Count; i++)
            {
                int position = slice.Start + i;
                Fill(position, position + 1, rows.Cos.Row(slice.FirstRow + i), rows.Sin.Row(slice.FirstRow + i));
            }
        }
    }

    private static float Round(float value) => Conversion.ToSingle(Conversion.ToBf16(value));

    // The published formula: base * (factor * length / max - (factor - 1))^(d / (d - 2)).
    private double ExtendedTheta(int length) => _settings.Theta * Math.Pow(
        (_settings.Factor * length / _settings.MaxPositions) - (_settings.Factor - 1), _headSize / (double)(_headSize - 2));

    private float[] Frequencies(double theta, bool round)
    {
        float[] result = new float[_headSize / 2];
        for (int i = 0; i < result.Length; i++)
        {
            float frequency = Frequency(theta, i);
            result[i] = round ? Round(frequency) : frequency;
        }

        return result;
    }

    private float Frequency(double theta, int i) => 1f / MathF.Pow((float)theta, 2f * i / _headSize);
}
