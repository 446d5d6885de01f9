using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Adapters;

/// <summary>Writes adapters with random numbers, for measurements and tests.</summary>
public static class RandomAdapter
{
    /// <summary>Writes an adapter's folder.</summary>
    /// <param name="directory">The folder, which is created.</param>
    /// <param name="model">The model that it is for.</param>
    /// <param name="rank">Rank of every module; alpha is twice as large.</param>
    /// <param name="targets">Endings of the names of adapted modules, such as q_proj.</param>
    /// <param name="seed">Adapters with different seeds differ.</param>
    /// <param name="type">F32 or BF16.</param>
    public static void Write(string directory, ModelConfig model, int rank, IReadOnlyList<string> targets, int seed, StoredType type = StoredType.F32)
    {
        Directory.CreateDirectory(directory);
        Random random = new(seed);

        // Of a module with two names the usual one comes first.
        AdaptedPlace[] places =
        [
            .. AdaptedPlaces.Of(model).Values.Where(place => targets.Any(target => place.Name.EndsWith("." + target, StringComparison.Ordinal)))
                .DistinctBy(static place => (place.Layer, place.Expert, place.Projection)),
        ];
        TensorSpec[] tensors =
        [
            .. places.SelectMany(place => new[]
            {
                new TensorSpec($"base_model.model.{place.Name}.lora_A.weight", type, [rank, place.Inputs]),
                new TensorSpec($"base_model.model.{place.Name}.lora_B.weight", type, [place.Outputs, rank]),
            }),
        ];
        using (SafetensorsWriter writer = new(Path.Combine(directory, "adapter_model.safetensors"), tensors))
        {
            foreach (TensorSpec tensor in tensors)
            {
                WriteTensor(writer, tensor, random);
            }

            writer.Complete();
        }

        File.WriteAllText(Path.Combine(directory, LoraConfig.FileName), IndentedJson.Write(json =>
        {
            json.WriteString("peft_type", "LORA");
            json.WriteNumber("r", rank);
            json.WriteNumber("lora_alpha", 2 * rank);
            json.WriteString("bias", "none");
            json.WriteStartArray("target_modules");
            foreach (string target in targets)
            {
                json.WriteStringValue(target);
            }

            json.WriteEndArray();
        }));
    }

    // The product is about as large as its input, so that it changes answers visibly.
    private static void WriteTensor(SafetensorsWriter writer, TensorSpec tensor, Random random)
    {
        float[] values = new float[tensor.Shape[0] * tensor.Shape[1]];
        float range = 1 / MathF.Sqrt(tensor.Shape[1]);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = ((2 * random.NextSingle()) - 1) * range;
        }

        byte[] bytes = new byte[tensor.ByteLength];
        Conversion.FromSingles(values, tensor.Type.Element()!.Value, bytes);
        writer.Write(tensor.Name, 0, bytes);
    }
}
