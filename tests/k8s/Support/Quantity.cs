using System.Globalization;

namespace HunyuanOrleans.K8s.Tests.Support;

/// <summary>Parses quantities of Kubernetes such as 500m and 2Gi.</summary>
internal static class Quantity
{
    private static readonly Dictionary<string, double> Units = new()
    {
        ["m"] = 1e-3, ["k"] = 1e3, ["M"] = 1e6, ["G"] = 1e9, ["T"] = 1e12, ["Ki"] = 1024, ["Mi"] = 1 << 20, ["Gi"] = 1 << 30, ["Ti"] = 1L << 40,
    };

    public static double Read(string text)
    {
        string digits = text.TrimEnd([.. "mkMGTi"]);
        string unit = text[digits.Length..];
        return double.Parse(digits, CultureInfo.InvariantCulture) * (unit.Length == 0 ? 1 : Units[unit]);
    }
}
