using System.Text.Json;

namespace HunyuanOrleans.Model.Configuration;

/// <summary>Reads rope_theta and rope_scaling, or the newer rope_parameters that contains both.</summary>
internal static class RopeReader
{
    private const double MaxTheta = 1e15;
    private const double MaxFactor = 1e9;
    private const string AllowedTypes = "\"dynamic\", \"linear\", \"default\", or rope_scaling null";

    public static RopeSettings Read(in JsonFields config, string source, int headDim, int maxPositions, double defaultTheta = 10000)
    {
        string holder = config.Has("rope_parameters") ? "rope_parameters" : "rope_scaling";
        double theta = config.Number("rope_theta", double.Epsilon, MaxTheta, defaultTheta);
        if (!config.TryGet(holder, out JsonElement element))
        {
            return new RopeSettings(RopeScaling.None, theta, 1, 0, maxPositions);
        }

        var scaling = new JsonFields(element, source, holder + ".");
        theta = scaling.Number("rope_theta", double.Epsilon, MaxTheta, theta);
        string typeField = scaling.Has("rope_type") ? "rope_type" : "type";
        string type = scaling.Text(typeField) ?? throw scaling.Missing("type", AllowedTypes);

        // Alpha 0 means no alpha, as in the publisher's code.
        double alpha = scaling.Number("alpha", 0, MaxFactor, 0);
        switch (type)
        {
            case "default":
                return new RopeSettings(RopeScaling.None, theta, 1, 0, maxPositions);
            case "dynamic" when alpha > 0:
                if (headDim <= 2)
                {
                    throw config.Invalid("head_dim", $"{headDim}", "more than 2 where rope_scaling has an alpha");
                }

                return new RopeSettings(RopeScaling.Alpha, theta, 1, alpha, maxPositions);
            case "dynamic" when !scaling.Has("factor"):
                throw scaling.Missing("alpha", "a number above 0 (or a \"factor\" of at least 1)");
            case "dynamic":
                return new RopeSettings(RopeScaling.Dynamic, theta, scaling.Number("factor", 1, MaxFactor), 0, maxPositions);
            case "linear":
                return new RopeSettings(RopeScaling.Linear, theta, scaling.Number("factor", 1, MaxFactor), 0, maxPositions);
            default:
                throw scaling.Invalid(typeField, $"\"{type}\"", AllowedTypes);
        }
    }
}
