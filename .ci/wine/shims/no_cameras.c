/* Media Foundation on a computer without cameras: see README.md. */
#include <windows.h>

__declspec(dllexport) HRESULT WINAPI MFEnumDeviceSources(void *attributes, void ***sources, UINT32 *count)
{
    (void)attributes;
    *sources = NULL;
    *count = 0;
    return S_OK;
}
