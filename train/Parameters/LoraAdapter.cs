using HunyuanOrleans.Kernels.Gradients;

namespace HunyuanOrleans.Train.Parameters;

/// <summary>The adapter of one module: y += scale * B(A(dropout(x))) (Hu et al., 2021).</summary>
public sealed class LoraAdapter
{
    /// <summary>Begin of the names of PEFT's tensors.</summary>
    public const string Prefix = "base_model.model.";

    /// <summary>Creates the adapter as PEFT does: A is uniform in ±1/sqrt(columns), B is zero.</summary>
    /// <param name="module">Name of the module.</param>
    /// <param name="rows">Outputs of the module.</param>
    /// <param name="columns">Inputs of the module.</param>
    /// <param name="settings">Rank and scale.</param>
    /// <param name="seed">Seed of A.</param>
    public LoraAdapter(string module, int rows, int columns, LoraSettings settings, ulong seed)
    {
        (Scale, Dropout) = (settings.Scale, settings.Dropout);
        A = new Parameter($"{Prefix}{module}.lora_A.weight", [settings.Rank, columns], decays: true);
        B = new Parameter($"{Prefix}{module}.lora_B.weight", [rows, settings.Rank], decays: true);
        foreach (char letter in module)
        {
            Key = RowOperations.Mix(Key ^ letter);
        }

        double bound = 1 / Math.Sqrt(columns);
        ulong state = RowOperations.Mix(seed ^ Key);
        for (int row = 0; row < A.Value.Rows; row++)
        {
            foreach (ref float value in A.Value.Row(row))
            {
                state = RowOperations.Mix(state);
                value = (float)(((state >> 11) * (2.0 / (1UL << 53)) - 1) * bound);
            }
        }
    }

    /// <summary>[rank, columns].</summary>
    public Parameter A { get; }

    /// <summary>[rows, rank].</summary>
    public Parameter B { get; }

    /// <summary>Factor of the output.</summary>
    public float Scale { get; }

    /// <summary>Part of the input that is dropped.</summary>
    public double Dropout { get; }

    /// <summary>A number for the module, from which its dropout masks derive.</summary>
    public ulong Key { get; }
}
