using System.Text;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Adapters;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Train.Layers;
using HunyuanOrleans.Train.Parameters;

namespace HunyuanOrleans.Train.Output;

/// <summary>Adapters as PEFT stores them: adapter_config.json and adapter_model.safetensors in float32.</summary>
public static class AdapterFolder
{
    /// <summary>Name of the settings.</summary>
    public const string ConfigName = LoraConfig.FileName;

    /// <summary>Name of the tensors.</summary>
    public const string TensorName = "adapter_model.safetensors";

    /// <summary>Writes the two files.</summary>
    /// <param name="folder">An existing folder.</param>
    /// <param name="model">The model with its adapters.</param>
    /// <param name="baseModel">Folder or name of the base model.</param>
    public static void Write(string folder, TrainedModel model, string baseModel)
    {
        TensorSpec[] specs = [.. model.Parameters.Select(static parameter => new TensorSpec(parameter.Name, StoredType.F32, parameter.Shape))];
        using (SafetensorsWriter writer = new(Path.Combine(folder, TensorName), specs))
        {
            foreach (Parameter parameter in model.Parameters)
            {
                TensorFile.Write(writer, parameter.Name, parameter.Value, ElementType.F32);
            }

            writer.Complete();
        }

        File.WriteAllBytes(Path.Combine(folder, ConfigName), Config(model.Lora!, baseModel));
    }

    /// <summary>The settings of a PEFT folder.</summary>
    /// <exception cref="ModelException">The folder's settings cannot be read, are not supported, or are none that can be trained here.</exception>
    public static LoraSettings ReadSettings(string folder)
    {
        LoraConfig config = LoraConfig.Load(folder);
        if (config.HasPatterns || config.Targets is not { } targets)
        {
            throw new ModelException(
                $"{config.Source}: modules have ranks or alphas of their own, or no list of names; allowed for training: one rank, one alpha and a list.");
        }

        if (targets.Except(LoraSettings.AllTargets).FirstOrDefault() is { } unknown)
        {
            throw new ModelException($"{config.Source}: the target {unknown} cannot be trained; allowed: {string.Join(", ", LoraSettings.AllTargets)}.");
        }

        return new LoraSettings { Rank = config.Rank, Alpha = config.Alpha, Dropout = config.Dropout, UseRslora = config.UsesRslora, Targets = [.. targets] };
    }

    /// <summary>Sets A and B of all adapters from a PEFT folder.</summary>
    /// <exception cref="ModelException">The folder has other settings, or a tensor is missing, unknown or has another shape.</exception>
    public static void Read(string folder, TrainedModel model)
    {
        CheckConfig(folder, model.Lora!);
        string path = Path.Combine(folder, TensorName);
        if (!File.Exists(path))
        {
            throw new ModelException($"{path}: there is no such file.");
        }

        using MappedFile file = MappedFile.Open(path);
        Dictionary<string, TensorView> tensors = SafetensorsHeader.Read(file).ToDictionary(static tensor => tensor.Name, StringComparer.Ordinal);
        foreach (Parameter parameter in model.Parameters)
        {
            if (!tensors.Remove(parameter.Name, out TensorView? tensor) || !tensor.Shape.SequenceEqual(parameter.Shape))
            {
                string found = tensor is null ? "is missing" : $"has the shape {tensor.ShapeText}";
                throw new ModelException($"{path}: tensor \"{parameter.Name}\" {found}; allowed: [{string.Join(", ", parameter.Shape)}].");
            }

            TensorFile.Read(tensor, parameter.Value);
        }

        if (tensors.Keys.FirstOrDefault() is { } unknown)
        {
            throw new ModelException($"{path}: tensor \"{unknown}\" belongs to no adapter of this run; check the targets of the adapters.");
        }
    }

    private static void CheckConfig(string folder, LoraSettings lora)
    {
        LoraSettings stored = ReadSettings(folder);
        Check("r", stored.Rank, lora.Rank);
        Check("lora_alpha", stored.Alpha, lora.Alpha);
        Check("use_rslora", stored.UseRslora ? 1 : 0, lora.UseRslora ? 1 : 0);

        void Check(string name, double value, double wanted)
        {
            if (value != wanted)
            {
                throw new ModelException($"{Path.Combine(folder, ConfigName)}: {name} is {value}, but this run has {wanted}.");
            }
        }
    }

    private static byte[] Config(LoraSettings lora, string baseModel)
    {
        string text = IndentedJson.Write(json =>
        {
            json.WriteString("base_model_name_or_path", baseModel);
            json.WriteString("bias", "none");
            json.WriteBoolean("fan_in_fan_out", false);
            json.WriteBoolean("inference_mode", true);
            json.WriteBoolean("init_lora_weights", true);
            json.WriteNull("layers_to_transform");
            json.WriteNumber("lora_alpha", lora.Alpha);
            json.WriteNumber("lora_dropout", lora.Dropout);
            json.WriteNull("modules_to_save");
            json.WriteString("peft_type", "LORA");
            json.WriteNumber("r", lora.Rank);
            json.WriteStartObject("rank_pattern");
            json.WriteEndObject();
            json.WriteStartObject("alpha_pattern");
            json.WriteEndObject();
            json.WriteStartArray("target_modules");
            foreach (string target in lora.Targets)
            {
                json.WriteStringValue(target);
            }

            json.WriteEndArray();
            json.WriteString("task_type", "CAUSAL_LM");
            json.WriteBoolean("use_dora", false);
            json.WriteBoolean("use_rslora", lora.UseRslora);
        });
        return Encoding.UTF8.GetBytes(text);
    }
}
